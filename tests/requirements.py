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
        ("journeys/test_resuming.py::test_an_interrupted_run_is_finished_without_asking_the_readers_again",),
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
)
