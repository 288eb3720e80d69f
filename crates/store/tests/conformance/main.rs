//! One suite for every store: what a caller of [`store::Store`] can rely on, whichever store it is.
#![expect(clippy::unwrap_used, reason = "tests")]

mod assignments;
mod atomicity;
mod changes;
mod checkins;
mod clients;
#[path = "../support/cluster.rs"]
mod cluster;
mod configurations;
mod filters;
mod fixture;
#[path = "../support/model.rs"]
mod model;
mod payloads;
mod retention;
mod staged;
mod statuses;
mod summaries;

/// Runs each case on each store.
macro_rules! on_every_store {
    ($($module:ident :: $case:ident,)+) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                super::$module::$case(super::fixture::Fixture::memory()).await;
            })+
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$module::$case(super::fixture::Fixture::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(fixture) = super::fixture::Fixture::postgres().await {
                    super::$module::$case(fixture).await;
                }
            })+
        }
        mod placed {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(fixture) = super::fixture::Fixture::placed().await {
                    super::$module::$case(fixture).await;
                }
            })+
        }
    };
}

on_every_store! {
    configurations::a_tenant_that_never_wrote_is_empty_and_stays_unknown,
    configurations::r1_a_created_configuration_is_there_with_what_it_was_given,
    configurations::r2_the_default_one_is_made_by_post_patch_or_a_first_child_and_goes_with_delete,
    configurations::r2_the_id_of_the_default_one_is_not_given_to_another,
    configurations::r3_an_id_that_is_taken_is_refused_and_free_in_another_tenant,
    configurations::r3_an_id_of_anything_in_the_tenant_is_taken_until_that_goes,
    configurations::r3_an_unknown_id_is_not_found,
    configurations::no_tenant_sees_another,
    configurations::the_order_is_the_order_of_creation,
    configurations::stamps_follow_the_commands_time_and_the_tenants_version,
    configurations::preconditions_are_checked_inside_the_commit,
    checkins::r4_a_fetch_makes_a_row_that_is_successful,
    checkins::r4_a_fetch_never_changes_what_a_report_said,
    checkins::r4_a_users_first_named_report_takes_over_the_row_without_a_device,
    checkins::r4_a_fetch_with_a_name_takes_nothing_over,
    checkins::r4_rows_that_were_written_become_the_clients,
    checkins::a_check_in_is_no_version_of_the_tenant_but_for_the_first,
    checkins::r2_a_check_in_makes_the_default_configuration_and_no_other,
    checkins::check_ins_at_once_all_count,
    retention::rows_of_92_days_before_the_latest_check_in_are_neither_shown_nor_counted,
    retention::a_device_that_comes_after_92_days_is_a_new_one,
    retention::a_check_in_from_before_the_window_is_not_shown,
    retention::what_an_administrator_wrote_becomes_old_only_with_the_clients_first_check_in,
    retention::what_was_told_is_read_as_it_was_told,
    retention::users_are_found_by_what_their_ids_start_with_in_the_case_they_were_told_in,
    clients::r8_without_a_priority_the_lowest_place_is_taken,
    clients::r8_duplicate_priorities_in_one_request_are_refused_with_both_positions,
    clients::r8_a_priority_that_is_stored_already_is_taken,
    clients::r8_reordering_is_all_or_nothing,
    clients::r8_reordering_may_swap,
    clients::a_client_configuration_changes_only_what_the_command_sets,
    clients::the_concrete_type_cannot_change,
    clients::what_is_not_there_cannot_be_changed_or_removed,
    clients::a_client_configuration_has_its_own_version,
    assignments::r9_assign_replaces_all,
    assignments::assignments_are_made_changed_and_removed_one_by_one,
    assignments::a_target_is_merged_with_one_of_its_type_only,
    payloads::r6_any_bytes_come_back_identical_small_and_large,
    payloads::r6_a_precondition_is_on_the_payloads_own_version,
    payloads::payloads_go_with_their_client_configuration,
    atomicity::a_bad_last_command_changes_nothing,
    atomicity::commands_see_those_before_them,
    atomicity::a_snapshot_never_changes,
    atomicity::concurrent_commits_all_count_once,
    atomicity::a_commit_for_another_version_of_the_tenant_changes_nothing,
    atomicity::of_commits_for_one_version_one_counts,
    changes::what_is_there_comes_first_in_parts,
    changes::what_changes_while_the_first_parts_are_read_comes_after_them,
    changes::what_changed_often_is_told_once_as_it_is_now,
    changes::what_went_is_told_and_what_came_back_is_there,
    changes::now_tells_nothing_but_where_later_changes_begin,
    changes::a_part_may_end_within_a_commit,
    changes::commits_that_share_a_transaction_are_told_one_by_one,
    changes::r2_the_default_one_is_told_from_when_it_is_written_until_it_is_deleted,
    changes::client_configurations_are_followed_in_their_own_configuration_only,
    changes::assignments_are_followed_one_by_one,
    changes::what_counts_as_a_change_is_what_moves_the_version,
    changes::a_collection_is_followed_only_as_long_as_it_is_in_the_same_thing,
    changes::what_is_trimmed_is_not_known_any_more_and_the_rest_is,
    changes::old_commits_are_trimmed_when_a_later_one_comes,
    changes::a_point_of_another_history_is_not_taken,
    changes::no_tenant_follows_another,
    staged::what_is_staged_is_seen_by_what_follows_and_by_nobody_else_until_it_is_finished,
    staged::what_is_dropped_never_was,
    staged::a_change_in_between_keeps_all_that_was_staged_from_being_made,
    staged::a_staged_change_that_is_refused_leaves_those_before_it,
    staged::rows_and_summaries_are_those_staged_and_else_those_stored,
    staged::payloads_are_those_staged_and_else_those_stored,
    staged::what_is_staged_is_one_tenants,
    statuses::r4_written_rows_keep_their_order_over_pages,
    statuses::r4_writing_replaces_the_collection_whole,
    statuses::r4_two_of_one_identity_are_refused_with_both_positions,
    statuses::r4_more_than_may_be_written_are_refused,
    statuses::r4_once_clients_checked_in_the_rows_are_theirs,
    statuses::r4_a_recorded_row_takes_the_place_of_its_identity,
    statuses::r13_instants_keep_their_offset_and_digits,
    statuses::null_and_empty_applied_policies_stay_apart,
    statuses::rows_come_in_order_of_time_both_ways_over_pages,
    statuses::the_rows_of_one_client_configuration_are_those_that_applied_it,
    statuses::a_continuation_of_another_order_is_refused,
    statuses::rows_of_what_is_not_there_are_not_found_and_of_the_unwritten_default_none,
    statuses::rows_recorded_and_removed_in_one_commit_do_not_count_for_what_takes_the_id,
    statuses::rows_go_with_their_configuration,
    filters::r4_every_filter_takes_the_rows_it_means_in_order_over_pages,
    filters::r4_every_filter_goes_with_every_order,
    filters::rows_can_be_ordered_by_any_property_null_lowest,
    filters::what_sql_cannot_say_is_answered_over_a_small_collection,
    summaries::r5_a_written_summary_is_returned_as_written_until_a_client_checks_in,
    summaries::r5_members_that_are_left_out_keep_what_is_shown,
    summaries::r5_what_is_left_out_follows_the_rows_of_the_same_commit,
    summaries::r5_two_members_written_at_once_are_both_kept,
    summaries::r5_distinct_users_in_the_window_and_failed_when_any_device_failed,
    summaries::r5_a_client_configuration_counts_the_rows_that_applied_it,
}
