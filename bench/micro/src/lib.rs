//! What is measured: the model of the service, its check-ins as entities would be, and the query of the page. Measures nothing.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use odata::model::{EdmType, Model};
use odata::{RecordBuilder, Value, csdl};

/// The measured query.
pub const QUERY: &str = "$filter=wasSuccessful%20eq%20false%20and%20startswith(deviceName,%27LAB-%27)&$orderby=checkinDateTime%20desc&$top=20";

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <EntityType Name="checkin"><Key><PropertyRef Name="id"/></Key>
      <Property Name="id" Type="Edm.Int64" Nullable="false"/>
      <Property Name="userId" Type="Edm.String"/>
      <Property Name="userPrincipalName" Type="Edm.String"/>
      <Property Name="deviceName" Type="Edm.String"/>
      <Property Name="devicePlatform" Type="Edm.String"/>
      <Property Name="devicePlatformVersion" Type="Edm.String"/>
      <Property Name="wasSuccessful" Type="Edm.Boolean" Nullable="false"/>
      <Property Name="checkinDateTime" Type="Edm.DateTimeOffset" Nullable="false"/>
      <Property Name="errorMessage" Type="Edm.String"/>
      <Property Name="appliedPolicies" Type="Collection(Edm.String)" Nullable="false"/>
    </EntityType>
    <EntityContainer Name="C"><EntitySet Name="checkins" EntityType="ns.checkin"/></EntityContainer></Schema>
  </edmx:DataServices></edmx:Edmx>"#;

/// The model of the check-ins.
///
/// # Panics
/// When the model above is none.
pub fn model() -> Arc<Model> {
    Arc::new(csdl::read(MODEL).expect("the model is valid"))
}

/// The type of the rows.
///
/// # Panics
/// When the model is not [`model()`]'s.
pub fn row_type(model: &Model) -> EdmType {
    EdmType::Named(model.type_by_name("ns.checkin").expect("declared"))
}

/// Rows: a tenth failed, an eighth of the devices are in the laboratory.
///
/// # Panics
/// When the model is not [`model()`]'s.
pub fn rows(model: &Model, count: i64) -> Vec<Value> {
    let ty = model.type_by_name("ns.checkin").expect("declared");
    let row = |number: i64| {
        let place = if number % 8 == 3 { "LAB" } else { "FRA" };
        let at = DateTimeOffset::from_unix_nanos(1_700_000_000_000_000_000 + i128::from(number) * 1_000_000_000);
        let policies = (0..3).map(|policy| Value::from(format!("policy-{policy}").as_str())).collect::<Vec<_>>();
        let record = RecordBuilder::new(model, ty)
            .set_named("id", number)
            .set_named("userId", format!("00000000-0000-0000-0000-{number:012}").as_str())
            .set_named("userPrincipalName", format!("user{number}@contoso.example").as_str())
            .set_named("deviceName", format!("{place}-PC-{number:06}").as_str())
            .set_named("devicePlatform", "windows")
            .set_named("devicePlatformVersion", "10.0.22631.2861")
            .set_named("wasSuccessful", number % 10 != 7)
            .set_named("checkinDateTime", at)
            .set_named("errorMessage", (number % 10 == 7).then_some("The policy could not be applied."))
            .set_named("appliedPolicies", policies)
            .etag(format!("W/\"{number}\"").as_str());
        Value::from(record.build())
    };
    (0..count).map(row).collect()
}
