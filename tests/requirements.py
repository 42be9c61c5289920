"""The manifest of promises: what Wardround holds itself to, and the tests that hold it (see test_requirements.py).

A promise names at least one test as `FILE::FUNCTION`, from the folder `tests`. Every journey must serve a promise.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PROMISES", "Promise"]


@dataclass(frozen=True)
class Promise:
    """`id` is AREA-NN; `text` is a sentence that a user could hold us to."""

    id: str
    text: str
    tests: tuple[str, ...]


_CLI = "journeys/test_command_line.py::"
_TRANSPORTS = "journeys/test_transports.py::"
_FOREIGN = "journeys/test_foreign.py::"
_GATEWAY = "journeys/test_gateway.py::"
_SITE = "journeys/test_site.py::"
_SCREENING = "journeys/test_screening.py::"
_GRAPH = "orchestrator/test_graph.py::"
_REASONING = "orchestrator/test_reasoning_runs.py::"
_ENCOUNTERS = "orchestrator/encounter/test_encounters.py::"
_GATE = "orchestrator/encounter/test_gate_properties.py::"
_PLAYED = "journeys/test_encounters.py::"
_HOSTILE = "orchestrator/test_hostile_text.py::"
_ASKED = "journeys/test_reasoning.py::"
_OUTLINED = "orchestrator/test_lesions.py::"
_SURVIVAL = "journeys/test_survival.py::"
_LESION_CLIENT = "journeys/test_lesions.py::"
_LESION_SERVER = "servers/test_lesions_server.py::"
_SELECTIVE = "orchestrator/reasoning/test_selective.py::"
_EXPORTED = "journeys/test_exports.py::"
_EXPORTING = "servers/test_exporting.py::"
_REPORT = "agents/outputs/test_sr.py::"
_BUNDLE = "agents/outputs/test_fhir.py::"
_SEALED = "agents/imaging/test_identifiers.py::"
_LESIONS = "evals/test_lesions_command.py::"
_QUEUE = "orchestrator/jobs/test_queue.py::"
_WORKER = "orchestrator/jobs/test_worker.py::"
_SERVED = "orchestrator/service/test_diagnoses.py::"
_CALLERS = "orchestrator/service/test_identity.py::"

PROMISES: tuple[Promise, ...] = (
    Promise(
        "DIAGNOSIS-01",
        "One command turns a chest film into a result, a table and a report; every claim cites existing evidence.",
        (
            f"{_CLI}test_a_film_becomes_cited_json_a_table_and_a_report",
            "journeys/test_real_films.py::test_real_films_give_valid_results_whose_claims_cite_existing_evidence",
            "journeys/test_real_films.py::test_a_hundred_real_films_give_valid_results",
            "journeys/test_real_films.py::test_several_runs_at_once_do_not_disturb_each_other",
        ),
    ),
    Promise(
        "DIAGNOSIS-02",
        "A planted finding on a phantom comes back with the side on which it was planted, or is not claimed.",
        ("journeys/test_real_films.py::test_what_is_claimed_of_a_phantom_is_never_on_the_wrong_side",),
    ),
    Promise(
        "INPUT-01",
        "What is no single-frame grey frontal chest film is refused with a typed reason, and other inputs go on.",
        (
            f"{_CLI}test_what_is_no_chest_film_is_refused_with_a_reason_and_the_others_go_on",
            "agents/imaging/test_dicom.py::test_what_is_no_single_frontal_chest_film_is_refused",
        ),
    ),
    Promise(
        "INPUT-03",
        "A file that crashes, hangs or swells its decoder fails alone.",
        (
            "agents/imaging/test_sandbox.py::test_a_crash_fails_one_file_and_the_next_is_decoded",
            "agents/imaging/test_sandbox.py::test_a_child_that_hangs_is_stopped_in_time_and_replaced",
            "agents/imaging/test_sandbox.py::test_a_file_that_needs_too_much_memory_is_refused",
            "agents/imaging/test_sandbox.py::test_mutated_files_give_a_film_or_a_documented_error",
        ),
    ),
    Promise(
        "INPUT-04",
        "The same film gives the same pixels in every lossless transfer syntax and in both monochrome senses.",
        (
            "agents/imaging/test_dicom.py::test_losslessly_compressed_twins_give_the_same_film",
            "agents/imaging/test_dicom.py::test_the_monochrome1_twin_gives_the_same_film",
        ),
    ),
    Promise(
        "INPUT-02",
        "Films are opened from allowed folders only, and an error does not tell the path.",
        (
            f"{_GATEWAY}test_mistakes_are_told_and_the_gateway_stays",
            "agents/imaging/test_paths.py::test_everything_else_is_refused_without_showing_a_folder",
        ),
    ),
    Promise(
        "PRIVACY-01",
        "No identifier of a DICOM file is in any output or kept on disk.",
        (f"{_CLI}test_no_identifier_of_the_file_is_in_any_output",),
    ),
    Promise(
        "TRANSPORT-01",
        "Embedded, stdio and streamable HTTP give the same result.",
        (f"{_TRANSPORTS}test_embedded_stdio_and_http_give_the_same_result",),
    ),
    Promise(
        "TRANSPORT-02",
        "A specialist without the store folder works over expiring authenticated URLs.",
        (
            f"{_TRANSPORTS}test_a_specialist_without_the_store_folder_reads_and_gives_artefacts_by_url",
            "servers/test_artefact_urls.py::test_an_artefact_is_served_to_a_valid_unexpired_url_and_to_nothing_else",
        ),
    ),
    Promise(
        "FAILURE-01",
        "A specialist that dies in the middle of a run is named in a partial result, and the next run recovers.",
        (f"{_TRANSPORTS}test_a_specialist_killed_in_the_middle_is_named_and_the_next_run_recovers",),
    ),
    Promise(
        "FAILURE-02",
        "A specialist that is slow or wrong in shape costs its own evidence and nothing else.",
        (
            f"{_FOREIGN}test_one_that_misbehaves_costs_its_own_evidence_and_is_named",
            f"{_CLI}test_a_missing_specialist_makes_the_result_partial_with_exit_code_4",
            "servers/test_worker.py::test_a_full_queue_says_busy_and_the_others_are_still_answered",
        ),
    ),
    Promise(
        "FAILURE-03",
        "An interrupted run is finished from its checkpoints, without asking again what was answered.",
        (
            "journeys/test_resuming.py::test_an_interrupted_run_is_finished_without_asking_the_readers_again",
            f"{_SITE}test_a_run_that_is_resumed_under_another_configuration_goes_on_as_it_was_begun",
        ),
    ),
    Promise(
        "PRIORS-01",
        "A site's own share of films replaces the table's prior for its finding alone, and the evidence says so.",
        (
            f"{_SITE}test_a_site_s_prior_is_added_to_its_finding_and_named",
            f"{_SITE}test_the_shell_takes_both_from_wardround_toml_and_its_option_wins",
            f"{_GRAPH}test_a_site_s_prior_replaces_the_table_s_and_only_its_own_finding_says_so",
            f"{_GRAPH}test_a_weigher_that_knows_no_site_priors_works_and_that_they_were_not_used_is_told",
            "servers/test_servers.py::test_a_site_s_own_prior_by_any_name_of_the_finding_replaces_the_table_s",
        ),
    ),
    Promise(
        "PRIORS-02",
        "A site prior for an unknown finding, or one that is no share between 0 and 1, is refused with its key.",
        (
            "orchestrator/test_config.py::test_a_mistake_is_told_with_its_place",
            "contracts/test_site_priors.py::test_an_unknown_finding_is_named_with_the_nearest_and_all_known_ones",
            "contracts/test_site_priors.py"
            "::test_what_is_no_share_between_0_and_1_is_refused_with_its_key_and_an_example",
            "servers/test_servers.py::test_a_wrong_site_prior_is_a_typed_error_that_names_it",
        ),
    ),
    Promise(
        "SCREEN-01",
        "What the screen found is in the result, table and report with its error rate, also of a refused film.",
        (
            f"{_SCREENING}test_a_turned_film_is_refused_with_the_outcome_in_result_table_and_report",
            f"{_GRAPH}test_the_outcomes_of_all_screens_are_in_the_result",
            f"{_GRAPH}test_a_refused_film_keeps_the_outcomes_that_refused_it",
            "orchestrator/report/test_report_page.py"
            "::test_what_the_screen_found_stands_with_consequence_score_and_error_rate",
            "orchestrator/test_terminal.py::test_what_the_screen_found_stands_in_one_line",
        ),
    ),
    Promise(
        "SCREEN-02",
        "Where a file tells no view, the prior is for the view estimated from the film, and the result says so.",
        (
            f"{_SCREENING}test_where_the_file_tells_no_view_the_prior_is_for_the_one_that_is_seen",
            f"{_GRAPH}test_the_prior_is_for_the_view_that_the_screen_saw_only_where_the_file_tells_none",
            f"{_GRAPH}test_an_estimated_view_without_an_outcome_is_warned_of",
        ),
    ),
    Promise(
        "SELECTIVE-01",
        "Where a share of answers is wanted, an unsure film is left to a person, with confidence, cut and error rate.",
        (
            f"{_SITE}test_an_unsure_film_is_left_to_a_person_who_sees_the_evidence",
            f"{_SITE}test_a_sure_film_is_answered_and_a_run_s_own_share_wins",
            f"{_SITE}test_the_bundled_detector_is_heard_exactly_where_it_is_as_sure_as_its_cut",
            f"{_SELECTIVE}test_a_film_below_the_cut_is_deferred_with_coverage_confidence_cut_and_error_rate",
            f"{_SELECTIVE}test_the_narrowest_cut_that_is_wide_enough_is_the_one_applied",
            f"{_SELECTIVE}test_sure_voices_that_contradict_each_other_leave_the_film_to_a_person",
        ),
    ),
    Promise(
        "SELECTIVE-02",
        "Where no calibrated detector can tell whether to defer, nothing is deferred and a warning says so.",
        (
            f"{_SITE}test_without_a_vouched_calibration_nothing_is_deferred_and_that_is_told",
            f"{_SELECTIVE}test_where_no_calibrated_voice_offers_it_nothing_is_deferred_and_that_is_said",
            f"{_SELECTIVE}test_where_no_cut_is_wide_enough_nothing_is_deferred_and_that_is_said",
        ),
    ),
    Promise(
        "OPEN-01",
        "Any MCP server that speaks the evidence schema joins by configuration, and its evidence is cited as a score.",
        (f"{_FOREIGN}test_its_evidence_is_cited_as_a_score_under_the_configured_name",),
    ),
    Promise(
        "SERVERS-01",
        "Every server says the roles of its tools, publishes schemas and cards, reports progress and types its errors.",
        (
            "servers/test_servers.py::test_tools_say_their_role_and_publish_schemas_and_the_server_its_cards",
            "servers/test_servers.py::test_a_model_reports_progress_and_evidence_with_its_provenance",
            "servers/test_servers.py::test_an_unknown_film_is_a_typed_error",
        ),
    ),
    Promise(
        "CLIENT-01",
        "A desktop client submits a film, asks for the result and sees overlays under 700 kB.",
        (
            f"{_GATEWAY}test_a_film_is_submitted_asked_for_and_shown",
            f"{_CLI}test_the_configuration_for_claude_names_a_command_that_is_there",
        ),
    ),
    Promise(
        "SHELL-01",
        "Exit codes are as documented, and the doctor finds what is wrong.",
        (
            f"{_CLI}test_mistakes_end_with_the_documented_code",
            f"{_CLI}test_a_data_folder_that_cannot_be_written_is_told_in_a_sentence",
            f"{_CLI}test_the_doctor_finds_a_whole_house",
        ),
    ),
    Promise(
        "VERIFY-01",
        "Faulty claims are repaired or struck, and sound ones pass.",
        (
            "orchestrator/verify/test_mutations.py::test_planted_faults_are_caught_and_what_comes_out_is_sound",
            "orchestrator/verify/test_mutations.py::test_sound_conclusions_pass_untouched",
        ),
    ),
    Promise(
        "HOUSE-01",
        "The orchestrator loads neither torch nor transformers, and pickles are read by the converter alone.",
        (
            "test_layout.py::test_the_orchestrator_loads_neither_torch_nor_transformers",
            "agents/weights/test_convert.py::test_only_the_converter_unpickles",
        ),
    ),
    Promise(
        "CODES-01",
        "Every code that goes out has its form, its check digit and its source.",
        ("contracts/test_codes.py::test_every_row_is_well_formed_and_the_nih_labels_are_the_fifteen",),
    ),
    Promise(
        "CALIBRATION-01",
        "A number called a probability was calibrated out of fold and brings its conformal set; a label without "
        "skill stays a score.",
        (
            "agents/calibration/test_calibration.py::test_scores_that_are_twice_too_sure_become_probabilities_on_new_films",
            "agents/calibration/test_calibration.py::test_a_label_without_skill_stays_a_score",
            "agents/calibration/test_calibration.py::test_conformal_cuts_cover_new_films_of_both_classes_as_promised",
            "agents/cxr/test_ensemble.py::test_a_calibrated_number_says_so_and_brings_its_conformal_set",
        ),
    ),
    Promise(
        "SCREEN-03",
        "Forty pictures that are no upright frontal chest films are refused, and turned or inverted films are named.",
        (
            "agents/anatomy/test_screen.py::test_more_than_forty_other_pictures_need_nothing_but_the_packages",
            "agents/anatomy/test_screen.py::test_a_picture_of_a_package_is_refused_with_a_reason",
            "agents/anatomy/test_screen.py::test_other_body_parts_noise_and_text_are_refused",
            "agents/anatomy/test_screen.py::test_slices_and_slide_regions_are_refused",
            "agents/anatomy/test_screen.py::test_a_film_turned_or_inverted_is_refused_and_told_which",
        ),
    ),
    Promise(
        "EVALUATE-01",
        "Any model is measured on any folder of labelled films, beside its floors and with intervals by patient.",
        (
            "evals/test_evaluate_command.py::test_the_bundled_detector_is_measured_on_phantoms",
            "evals/test_evaluate_command.py::test_the_segmenter_is_measured_on_phantoms_beside_the_mean_shape",
            "evals/test_evaluate_command.py::test_boxes_on_phantoms_are_located",
            "evals/test_heat_map_methods.py::test_the_command_measures_methods_side_by_side_in_json_table_and_pictures",
        ),
    ),
    Promise(
        "EVALUATE-02",
        "No film is judged by a network that learned from its patient.",
        (
            "evals/test_detector_figures.py::test_patients_that_were_seen_are_read_by_the_member_that_did_not_see_them",
            "agents/cxr/test_detectors.py::"
            "test_a_film_of_a_known_patient_can_be_read_by_the_member_that_did_not_learn_from_it",
            "agents/cxr/test_heat_maps.py::test_members_that_learned_from_a_patient_are_not_asked",
        ),
    ),
    Promise(
        "REASON-01",
        "A language model argues from evidence alone: what it invents is struck, what it omits is added, in the open.",
        (
            f"{_REASONING}test_what_a_model_invents_is_struck_and_the_weigher_s_findings_are_there",
            f"{_REASONING}test_every_strategy_of_a_competent_model_gives_checked_claims_and_its_account",
            f"{_REASONING}test_dissent_on_a_panel_is_kept_and_a_critic_must_cite",
            "orchestrator/verify/test_lies.py::test_false_sentences_are_struck",
            "orchestrator/verify/test_lies.py::test_of_200_paraphrased_correct_answers_the_claims_are_kept",
        ),
    ),
    Promise(
        "REASON-02",
        "Whatever a language model or its endpoint breaks, a run ends with the weigher's result and says what failed.",
        (
            f"{_REASONING}test_a_model_that_fails_leaves_the_weigher_s_conclusions_and_says_what_went_wrong",
            f"{_REASONING}test_an_endpoint_that_is_down_leaves_the_weigher_s_conclusions",
            f"{_ASKED}test_a_language_model_that_is_down_is_named_and_the_result_is_there",
            f"{_ASKED}test_a_missing_key_costs_the_reasoning_alone_and_the_doctor_finds_it",
        ),
    ),
    Promise(
        "REASON-03",
        "A reasoner asks for evidence by typed wishes within a budget, and never names a tool.",
        (
            f"{_REASONING}test_wishes_are_mapped_to_roles_within_the_budget_and_what_they_bring_is_cited",
            f"{_REASONING}test_similar_cases_stand_in_the_evidence_under_their_own_ids",
        ),
    ),
    Promise(
        "HOSTILE-01",
        "Text in histories, earlier reports, DICOM tags and tool results changes neither the tools called nor a claim.",
        (
            f"{_HOSTILE}test_in_a_history_and_an_earlier_report",
            f"{_HOSTILE}test_in_a_foreign_tool_s_result",
            f"{_HOSTILE}test_in_the_tags_of_a_dicom_file",
        ),
    ),
    Promise(
        "REPLAY-01",
        "A finished run is made again from its tape, without model or network, byte for byte, or it says where not.",
        (
            f"{_ASKED}test_a_run_with_an_earlier_film_and_a_history_is_replayed_and_audited",
            "orchestrator/test_replay.py::test_a_tape_that_was_changed_is_found_out_with_the_place",
            f"{_ASKED}test_mistakes_are_told",
        ),
    ),
    Promise(
        "AUDIT-01",
        "Removing, flipping or weakening what a claim cites moves the weigher just as predicted; a model is measured.",
        (
            "orchestrator/test_audit.py::test_the_weigher_moves_exactly_as_predicted_and_by_nothing_else",
            "orchestrator/test_audit.py::test_a_faithful_language_model_is_told_from_a_stubborn_one",
        ),
    ),
    Promise(
        "HISTORY-01",
        "A history becomes typed cues with negation and durations, moves no number, and its words go no further.",
        (
            f"{_REASONING}test_a_history_becomes_cues_that_can_be_cited_and_moves_no_number",
            "orchestrator/history/test_reader.py::test_precision_and_recall_on_the_table",
        ),
    ),
    Promise(
        "PRIOR-01",
        "An earlier film is compared by stated rules, and without one no comparison is claimed.",
        (
            f"{_REASONING}test_an_earlier_film_is_read_in_a_run_of_its_own_and_compared_by_stated_rules",
            "orchestrator/test_compare.py::test_a_change_is_told_beyond_its_tolerance_and_by_its_rule",
        ),
    ),
    Promise(
        "ENCOUNTER-01",
        "A case goes through five typed stages; every decision cites facts that are there, and no dose is ever named.",
        (
            f"{_ENCOUNTERS}test_a_case_goes_through_all_five_stages_and_every_decision_cites",
            f"{_ENCOUNTERS}test_the_examination_s_report_reaches_the_diagnosis",
            "orchestrator/encounter/test_checks.py::test_a_dose_is_refused_wherever_it_stands",
        ),
    ),
    Promise(
        "ENCOUNTER-02",
        "An encounter that is killed at any stage is resumed to the same end, with one audit trail and no order twice.",
        (f"{_PLAYED}test_an_encounter_that_is_killed_at_any_stage_is_resumed_to_the_same_end",),
    ),
    Promise(
        "ENCOUNTER-03",
        "A person at a client is asked by elicitation, or gets the question as a result; one answer to each question.",
        (
            f"{_PLAYED}test_a_client_that_can_be_asked_is_asked",
            f"{_PLAYED}test_a_client_that_cannot_be_asked_gets_the_question_and_answers_by_a_tool",
            f"{_PLAYED}test_a_case_file_is_played_and_mistakes_are_told",
            f"{_PLAYED}test_at_the_shell_a_question_that_nobody_answers_waits_and_is_answered_later",
            "orchestrator/encounter/test_people.py::test_a_second_answer_to_one_question_is_refused_and_loses_nothing",
        ),
    ),
    Promise(
        "ENCOUNTER-04",
        "A judge's verdict is a flag: no phrase in it passes a decision that it refuses.",
        ("orchestrator/encounter/test_reasoners.py::test_a_verdict_is_a_flag_and_no_phrase_in_it_counts",),
    ),
    Promise(
        "ENCOUNTER-05",
        "What must not wait ends the encounter at once, by a cited rule.",
        (f"{_ENCOUNTERS}test_an_emergency_ends_the_encounter_or_is_noted",),
    ),
    Promise(
        "ENCOUNTER-06",
        "The gatekeeper names no diagnosis, tells nothing that was not asked for, and makes nothing up.",
        (
            f"{_GATE}test_over_a_thousand_sequences_nothing_crosses_that_was_not_asked_for",
            f"{_GATE}test_asking_for_an_illness_by_name_does_not_tell_whether_it_is_the_diagnosis",
            f"{_GATE}test_our_own_cases_give_away_no_diagnosis_and_nothing_that_is_not_in_them",
        ),
    ),
    Promise(
        "CASES-01",
        "Memory shows no stage what it may not know, and a forgotten record leaves no byte behind.",
        (
            "agents/cases/test_search.py::test_what_is_found_is_shown_as_the_stage_may_see_it",
            "agents/cases/test_search.py::test_what_a_stage_may_not_know_of_the_query_changes_nothing",
            "agents/cases/test_forgetting.py::test_what_is_forgotten_leaves_no_byte_behind",
        ),
    ),
    Promise(
        "CASES-02",
        "Better trusted cases come before others; written ones stand beside no film of a person.",
        (
            "agents/cases/test_search.py::test_better_trusted_cases_come_first_and_those_finished_here_last",
            "orchestrator/test_similar.py::test_written_cases_stand_beside_a_phantom_and_beside_no_one_s_film",
        ),
    ),
    Promise(
        "SURVIVAL-01",
        "A bundled model gives a patient's survival curve with a band, median, risk group, what was missing and how "
        "far the patient lies from the cohort, the same over stdio and HTTP.",
        (
            f"{_SURVIVAL}test_a_client_gets_the_same_estimate_over_stdio_and_http",
            "servers/test_survival_server.py::test_a_patient_gets_a_curve_with_a_band_and_all_that_bounds_it",
        ),
    ),
    Promise(
        "SURVIVAL-02",
        "One command turns a table, with genes and slides if there are any, into a measured model that every client "
        "sees; a table that cannot be learned from is refused with what to do.",
        (
            f"{_SURVIVAL}test_a_user_s_own_table_becomes_a_model_that_every_client_sees",
            "agents/survival/test_command.py::test_a_table_with_genes_and_slides_becomes_a_model_that_answers",
            "agents/survival/test_command.py::test_a_table_that_cannot_be_learned_from_is_refused_and_leaves_nothing",
        ),
    ),
    Promise(
        "SURVIVAL-03",
        "A treatment may cite a survival estimate that was asked for; it moves no vote, and without one the treatment "
        "is decided all the same.",
        (
            f"{_SURVIVAL}test_an_oncology_encounter_at_the_shell_cites_a_survival_estimate_where_treatment_is_decided",
            "orchestrator/encounter/test_foresight.py::test_it_moves_no_vote",
        ),
    ),
    Promise(
        "SURVIVAL-04",
        "A risk is explained by parts that add up to it, within an error that is told.",
        ("servers/test_survival_server.py::test_a_risk_is_explained_and_the_parts_add_up",),
    ),
    Promise(
        "LESIONS-01",
        "One command turns a folder of images with masks into a model that says how well it does on patients held "
        "out, and another finds the lesions of an image with sizes and scores; what cannot be done is told.",
        (
            "agents/lesions/test_command.py::test_an_image_gets_its_lesions_with_sizes_and_a_picture",
            "agents/lesions/test_command.py::test_what_cannot_be_done_is_told_with_what_to_do",
            "agents/lesions/test_making.py::test_a_folder_becomes_a_model_that_reads_as_before",
        ),
    ),
    Promise(
        "LESIONS-02",
        "The scans of a lesion network are interchangeable: the same weights give the same answer.",
        (
            "agents/lesions/test_network.py::test_the_same_weights_give_the_same_answer_by_either_method",
            "agents/lesions/test_scan.py::test_the_chunked_scan_says_what_the_reference_says",
        ),
    ),
    Promise(
        "LESIONS-03",
        "Any MCP client finds a film's lesions, over stdio and HTTP alike: uncertain evidence with size, score, region "
        "and a mask that is found in the store; sizes are in pixels where the spacing is unknown, and this is said.",
        (
            f"{_LESION_CLIENT}test_a_client_gets_the_same_lesions_over_stdio_and_http",
            f"{_LESION_SERVER}test_a_film_gets_its_lesions_as_evidence_with_masks_places_and_progress",
            f"{_LESION_SERVER}test_unknown_spacing_gives_pixels_and_says_so",
            "agents/lesions/test_evidence.py::test_each_lesion_is_an_uncertain_item_with_its_size_score_place_and_mask",
        ),
    ),
    Promise(
        "LESIONS-04",
        "A click or a box outlines one lesion; where the model sees none, a warning says so.",
        (
            f"{_LESION_SERVER}test_a_click_and_a_box_outline_one_lesion",
            "agents/lesions/test_refine.py::test_a_click_beside_the_middle_outlines_the_lesion_and_lies_in_it",
            "agents/lesions/test_refine.py::test_where_the_model_sees_nothing_the_best_outline_comes_with_a_warning",
        ),
    ),
    Promise(
        "LESIONS-05",
        "Growth between two films is called beyond a stated error of measurement alone, never between unlike views or "
        "without a spacing, and films that cannot be of one patient are refused.",
        (
            "agents/lesions/test_change.py::test_a_step_within_the_error_of_measurement_is_no_growth",
            "agents/lesions/test_change.py::test_between_unlike_films_ratios_are_told_and_no_change_is_called",
            f"{_LESION_SERVER}test_films_of_two_patients_are_not_compared",
        ),
    ),
    Promise(
        "LESIONS-06",
        "Lesions are written as a DICOM Segmentation that pydicom and highdicom read again, coded, tracked and pixel "
        "by pixel on its source; no answer of the server names a patient or a folder.",
        (
            f"{_LESION_CLIENT}test_a_segmentation_is_written_by_a_client_and_at_the_shell",
            "agents/lesions/test_seg.py::test_a_segmentation_is_read_again_and_lies_on_its_source",
            f"{_LESION_SERVER}test_lesions_are_written_as_a_dicom_segmentation_that_lies_on_the_film",
        ),
    ),
    Promise(
        "LESIONS-07",
        "Masks of a wrong size, empty ones or another patient's, colour, huge films, clicks and boxes outside, unknown "
        "models and operating points are refused with a typed reason, and the server stays alive.",
        (
            f"{_LESION_SERVER}test_masks_of_a_wrong_size_are_refused",
            f"{_LESION_SERVER}test_empty_masks_are_refused",
            f"{_LESION_SERVER}test_masks_of_another_patient_s_film_are_refused",
            f"{_LESION_SERVER}test_a_colour_image_is_refused",
            f"{_LESION_SERVER}test_a_huge_image_is_refused_before_it_is_read",
            f"{_LESION_SERVER}test_a_click_outside_the_film_is_refused",
            f"{_LESION_SERVER}test_a_box_outside_the_film_is_refused",
            f"{_LESION_SERVER}test_an_unknown_model_is_refused",
            f"{_LESION_SERVER}test_an_unknown_operating_point_is_refused",
        ),
    ),
    Promise(
        "LESIONS-40",
        "`evaluate lesions` measures a model on patients that it did not learn from, whole where all are new to it, "
        "by size and subtlety with intervals and floors, and says whom it took.",
        (
            f"{_LESIONS}test_a_model_is_measured_on_the_patients_that_it_did_not_learn_from",
            f"{_LESIONS}test_a_folder_of_wholly_other_patients_is_read_whole",
            f"{_LESIONS}test_a_folder_of_its_own_patients_is_read_only_where_that_is_asked_for",
            f"{_LESIONS}test_a_card_without_its_patients_leaves_the_rule_of_the_fold_and_that_is_said",
            f"{_LESIONS}test_pairs_are_measured_in_pixels",
        ),
    ),
    Promise(
        "LESIONS-41",
        "Networks are compared on the same films by the same budget, paired by patient and over seeds; a stopped run "
        "goes on, and what was measured of other code is not taken.",
        (
            f"{_LESIONS}test_networks_are_compared_on_one_split_and_a_second_run_is_the_first",
            "evals/test_lesions_bench.py::test_a_stopped_training_goes_on_and_ends_where_it_would_have",
            "evals/test_lesions_bench.py::test_networks_are_told_beside_floors_with_paired_differences",
            "evals/test_lesions_bench.py::test_only_what_a_network_learns_and_finds_by_counts_as_its_source",
        ),
    ),
    Promise(
        "LESIONS-42",
        "One outline around all that there is finds no lesion but what its centre lies in.",
        (
            "agents/measures/test_froc.py::"
            "test_one_outline_around_all_that_there_is_finds_nothing_but_what_its_centre_lies_in",
        ),
    ),
    Promise(
        "LESIONS-21",
        "A claim on a nodule cites the lesion that was outlined, with its side, zone and size; the outline is drawn in "
        "the report, the run replays, and its claims follow from what they cite.",
        (
            f"{_OUTLINED}test_in_each_of_six_zones_a_claim_cites_the_lesion_with_its_side_zone_and_size",
            f"{_OUTLINED}test_the_outline_is_drawn_and_the_report_shows_size_place_and_score",
            f"{_OUTLINED}test_runs_with_lesions_replay_and_their_claims_follow_from_what_they_cite",
            "agents/anatomy/test_locate.py::test_a_small_outline_on_a_large_film_is_found_where_it_is",
        ),
    ),
    Promise(
        "LESIONS-22",
        "An outlined lesion proves place and size and nothing else: it moves no belief, makes nothing present, and "
        "where it lies elsewhere than the heat map, both are told.",
        (
            f"{_OUTLINED}test_a_lesion_moves_no_belief_and_no_other_claim",
            f"{_OUTLINED}test_a_lesion_alone_makes_nothing_present",
            f"{_OUTLINED}test_where_heat_map_and_outline_disagree_both_are_told",
            "orchestrator/verify/test_lesion_rules.py::test_what_a_lesion_does_not_prove_is_told",
        ),
    ),
    Promise(
        "LESIONS-23",
        "A lesion server that is dead, says what no lesion can say, or gives orders costs its own evidence only; "
        "without a lesion model a diagnosis is whole.",
        (
            f"{_OUTLINED}test_a_dead_lesion_server_costs_its_own_evidence_only",
            f"{_OUTLINED}test_a_lesion_that_says_what_it_may_not_is_refused_with_its_report",
            f"{_OUTLINED}test_orders_in_a_detail_change_nothing_but_the_detail",
            f"{_OUTLINED}test_a_lesion_server_that_knows_of_no_model_is_told_in_a_warning",
        ),
    ),
    Promise(
        "OUTPUTS-01",
        "A diagnosed film becomes a DICOM SR (TID 1500, unverified, preliminary) and a FHIR R4B Bundle (preliminary), "
        "which independent libraries and tables of our own read back whole.",
        (
            f"{_EXPORTED}test_a_diagnosed_film_becomes_a_report_and_a_bundle_that_say_what_the_result_says",
            f"{_REPORT}test_it_is_complete_preliminary_and_unverified_and_belongs_to_the_films_study",
            f"{_REPORT}test_highdicom_reads_each_finding_with_presence_place_and_degree",
            f"{_REPORT}test_our_own_table_finds_nothing_wrong_with_it",
            f"{_BUNDLE}test_it_validates_in_r4b_and_in_our_own_tables",
            "agents/outputs/test_readers.py::test_a_broken_report_is_found_out",
            "agents/outputs/test_readers.py::test_a_broken_bundle_is_found_out",
        ),
    ),
    Promise(
        "OUTPUTS-02",
        "Abstentions, refusals, struck claims, missing specialists, gaps and the notice are told in both.",
        (
            f"{_REPORT}test_notice_abstention_struck_claims_missing_specialists_and_gaps_are_told",
            f"{_REPORT}test_a_result_without_claims_is_a_report_of_evaluations_alone",
            f"{_BUNDLE}test_the_report_is_preliminary_and_tells_everything_with_the_notice",
        ),
    ),
    Promise(
        "OUTPUTS-03",
        "A calibrated number is coded as a probability, any other is called a score; each names its model, version and "
        "weights, and no code goes out that was not verified.",
        (
            f"{_REPORT}test_a_calibrated_number_is_a_probability_and_any_other_a_score",
            f"{_REPORT}test_every_number_names_its_model_version_and_weights_and_what_these_read",
            f"{_REPORT}test_what_no_public_code_was_verified_for_is_in_our_own_identified_scheme",
            f"{_BUNDLE}test_a_score_is_called_one_and_has_no_code",
            f"{_BUNDLE}test_each_model_is_a_device_with_version_and_weights",
            "contracts/test_reporting_codes.py::test_every_code_has_a_source_and_is_in_the_dictionary",
        ),
    ),
    Promise(
        "OUTPUTS-04",
        "An export is bound to the original study by the encrypted map or the named source file, and to no other film; "
        "each is recorded in rows that cannot be changed, and erasing a study erases its identifiers.",
        (
            f"{_EXPORTING}test_a_film_that_was_opened_is_exported_with_its_original_identifiers",
            f"{_EXPORTING}test_the_named_source_binds_a_film_that_the_map_does_not_know",
            f"{_EXPORTING}test_a_source_that_is_another_film_or_lies_elsewhere_is_refused",
            f"{_EXPORTING}test_a_result_cannot_take_the_name_of_anothers_film",
            f"{_SEALED}test_the_record_of_exports_can_be_added_to_and_not_changed",
            f"{_SEALED}test_what_is_forgotten_is_gone_past_recovery",
        ),
    ),
    Promise(
        "OUTPUTS-05",
        "What identifies a person is in the exported file alone: in no result, answer, log, error or open store.",
        (
            f"{_EXPORTING}test_planted_identifiers_are_in_the_file_alone",
            f"{_SEALED}test_the_map_gives_back_what_was_sealed_and_shows_none_of_it_on_disk",
            "orchestrator/test_exports.py::test_history_similar_cases_and_prose_of_details_do_not_go_out",
            f"{_EXPORTED}test_at_the_shell_a_run_is_written_to_a_new_private_file",
        ),
    ),
    Promise(
        "OUTPUTS-06",
        "Strangers' words in an export stay words: no markup, no split or overlong value, the tree as it would be.",
        ("agents/outputs/test_hostile_words.py::test_words_never_become_structure",),
    ),
    Promise(
        "OUTPUTS-07",
        "The same result gives the same file.",
        (
            f"{_REPORT}test_the_same_result_is_the_same_file_and_another_one_has_other_uids",
            f"{_BUNDLE}test_the_same_result_is_the_same_text",
        ),
    ),
    Promise(
        "OUTPUTS-08",
        "A film without a DICOM source goes out as FHIR that names no study, and is refused as SR with what to do.",
        (
            f"{_EXPORTING}test_a_png_is_exported_as_fhir_without_a_study_and_refused_as_sr",
            f"{_EXPORTING}test_a_film_without_uids_of_its_own_is_diagnosed_and_not_exported_as_sr",
        ),
    ),
    Promise(
        "SERVICE-01",
        "A film handed in over HTTP becomes a job, and the job a result as JSON or as a page; every response carries "
        "the notice, and every error is a problem that repeats nothing of what was sent.",
        (
            "journeys/test_service.py::"
            "test_a_film_is_handed_in_diagnosed_and_read_over_http_though_the_service_is_killed_meanwhile",
            f"{_SERVED}test_a_film_becomes_a_job_whose_result_is_json_or_a_page",
            f"{_SERVED}test_what_is_no_film_is_refused_by_its_content_whatever_it_is_called",
            f"{_SERVED}test_bodies_of_another_kind_and_in_another_shape_are_refused_without_an_echo",
            f"{_SERVED}test_bodies_that_are_too_large_are_refused_whether_they_tell_their_length_or_not",
        ),
    ),
    Promise(
        "SERVICE-02",
        "A job that was accepted is done, whatever process is killed, and its result is there once.",
        (
            f"{_WORKER}test_a_worker_killed_in_the_middle_is_followed_by_another_and_nothing_is_there_twice",
            f"{_WORKER}test_a_job_taken_up_after_its_run_was_finished_is_only_ended",
            f"{_WORKER}test_an_earlier_film_is_read_once_however_often_the_job_is_taken_up",
            f"{_QUEUE}test_a_lease_that_ran_out_is_claimed_again_and_the_first_worker_can_end_nothing",
            f"{_QUEUE}test_a_job_that_ends_one_worker_after_another_is_given_up",
            f"{_SERVED}test_jobs_that_wait_are_done_by_the_next_process_and_their_events_go_on",
        ),
    ),
    Promise(
        "SERVICE-03",
        "The queue is bounded and says when to come again; a repeated request makes no second job.",
        (
            f"{_SERVED}test_a_full_queue_says_when_to_come_again",
            f"{_SERVED}test_a_repeated_request_makes_one_job_and_a_key_used_twice_is_refused",
            f"{_QUEUE}test_many_who_submit_with_one_key_at_once_make_one_job",
        ),
    ),
    Promise(
        "SERVICE-04",
        "Cancelling reaches the specialist and frees the worker; what has ended can be deleted past recovery, and is "
        "when its time is over.",
        (
            f"{_WORKER}test_cancelling_reaches_the_specialist_and_frees_the_worker",
            f"{_SERVED}test_a_job_is_cancelled_and_what_has_ended_is_deleted_with_its_run",
            f"{_WORKER}test_what_has_had_its_time_is_forgotten_with_its_run_and_what_is_under_way_is_not",
        ),
    ),
    Promise(
        "SERVICE-05",
        "Events of a job are streamed, and go on after the last one that a client has seen.",
        (f"{_SERVED}test_events_go_on_after_the_last_one_that_was_seen_and_then_end",),
    ),
    Promise(
        "SERVICE-06",
        "Nobody gets in where they don't belong: tokens with scopes, names and origins, another's things like none.",
        (
            f"{_CALLERS}test_without_a_good_token_nothing_is_told_but_health",
            f"{_CALLERS}test_a_token_is_good_for_its_scopes_alone",
            f"{_CALLERS}test_what_is_anothers_is_answered_like_what_never_was",
            f"{_CALLERS}test_names_and_origins_that_are_not_ours_are_turned_away",
            f"{_CALLERS}test_a_token_is_kept_as_a_digest_in_a_file_of_its_owner",
            f"{_CALLERS}test_nobody_listens_beyond_this_machine_without_a_token_and_a_name",
        ),
    ),
    Promise(
        "SERVICE-07",
        "An encounter over HTTP asks and is answered, also across a restart.",
        (
            "orchestrator/service/test_encounters.py::"
            "test_an_encounter_asks_until_it_has_ended_and_is_read_as_json_or_a_page",
            "orchestrator/service/test_encounters.py::"
            "test_an_answer_outlives_the_service_and_no_question_is_answered_twice",
        ),
    ),
    Promise(
        "SERVICE-08",
        "Whatever is sent, the service answers as its description says, and never with a fault.",
        (
            "orchestrator/service/test_description.py::"
            "test_whatever_is_sent_the_service_answers_as_its_description_says_and_never_with_a_fault",
            "orchestrator/service/test_description.py::"
            "test_every_route_is_described_with_its_problems_and_what_is_submitted_has_examples",
        ),
    ),
)
