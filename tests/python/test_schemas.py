"""`$metadata` against the schemas that OASIS publishes."""

import json
import unittest

import jsonschema
import service
from lxml import etree


def needs(name: str):
    return unittest.skipUnless(service.reference(name), f"{name} is not beside this repository")


# Python's `re` knows no Unicode properties. Our own names are ASCII, so the narrower classes judge them alike.
ASCII_CLASSES = {"L": "[A-Za-z]", "Nl": "_", "Nd": "[0-9]", "Mn": "_", "Mc": "_", "Pc": "_", "Cf": "_"}


def in_ascii(schema: str) -> str:
    for name, characters in ASCII_CLASSES.items():
        schema = schema.replace(f"\\\\p{{{name}}}", characters)
    return schema


class Metadata(unittest.TestCase):
    @needs("data/edmx.xsd")
    def test_the_xml_form_is_valid(self) -> None:
        path = service.reference("data/edmx.xsd")
        assert path
        schema = etree.XMLSchema(etree.parse(str(path), etree.XMLParser(no_network=True)))
        with service.http() as http:
            document = etree.fromstring(http.get("/$metadata").raise_for_status().content)
        schema.assertValid(document)

    @needs("data/csdl.schema.json")
    def test_the_json_form_is_valid(self) -> None:
        path = service.reference("data/csdl.schema.json")
        assert path
        schema = json.loads(in_ascii(path.read_text()))
        with service.http() as http:
            answer = http.get("/$metadata", headers={"Accept": "application/json"}).raise_for_status()
        validator = jsonschema.validators.validator_for(schema)
        faults = [f"{fault.json_path}: {fault.message}" for fault in validator(schema).iter_errors(answer.json())]
        self.assertEqual(faults, [])

    def test_both_forms_declare_the_same_types(self) -> None:
        edm = "{http://docs.oasis-open.org/odata/ns/edm}"
        with service.http() as http:
            xml = etree.fromstring(http.get("/$metadata").raise_for_status().content)
            csdl = http.get("/$metadata?$format=application/json").raise_for_status().json()
        for schema in xml.iter(f"{edm}Schema"):
            for kind in ("EntityType", "ComplexType"):
                for declared in schema.findall(f"{edm}{kind}"):
                    name = declared.get("Name")
                    other = csdl[schema.get("Namespace")][name]
                    self.assertEqual(other["$Kind"], kind)
                    members = {
                        member.get("Name")
                        for tag in ("Property", "NavigationProperty")
                        for member in declared.findall(f"{edm}{tag}")
                    }
                    self.assertEqual(members, {key for key in other if key[0] not in "$@" and "@" not in key}, name)
