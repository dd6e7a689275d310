"""Which test shows each rule that attackers are held to; most stand beside what they test, the others in this folder.

A rule whose test is gone or has another name fails here, so that none is lost when tests move.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

RULES = {
    "no token: nothing is told or taken": "attacks/test_strangers.py::test_nothing_is_told_or_taken_without_a_valid_token",
    "no token: no body is read": "attacks/test_strangers.py::test_a_body_is_not_read_before_its_token_is_known",
    "no token: what is no request opens no other": "attacks/test_strangers.py::test_what_is_no_request_is_refused_and_opens_no_other",
    "no token: nothing of what was sent is kept": "api/usage/test_request_log.py::test_of_a_call_of_nobody_known_nothing_is_kept_that_was_sent",
    "no token: records and lines have a most": "api/usage/test_request_log.py::test_calls_of_nobody_known_are_recorded_and_logged_so_many_a_minute",
    "no token: a line of the log is one line": "test_logs.py::test_what_anybody_wrote_is_one_line_of_bounded_length_without_control_characters",
    "no token: another service is asked so often": "access/test_validation.py::test_so_many_questions_are_asked_at_once",
    "no token: pages and proxies of others are not local": "test_loopback.py::test_a_page_or_a_proxy_of_others_needs_a_token",
    "the agent answers no pages and no proxies": "agent/test_http.py::test_web_pages_and_proxies_are_not_answered",
    "the agent's token reads its own sessions": "agent/test_peers.py::test_the_agent_s_token_reads_no_sessions_but_its_own",
    "a header has one meaning": "test_server.py::test_every_route_refuses_two_different_headers_in_its_own_shape",
    "an unknown method is refused in each shape": "test_server.py::test_every_route_refuses_a_method_that_nobody_knows_in_its_own_shape",
    "no answer is framed or guessed at": "test_server.py::test_no_answer_may_be_framed_or_guessed_at",
    "a cell is no formula": "api/usage/test_formats.py::test_a_formula_is_quoted_whatever_a_spreadsheet_may_skip_before_it",
    "a refused call is its tenant's": "api/usage/test_request_log.py::test_a_refused_call_belongs_to_the_tenant_of_its_token",
    "what the server sets can't be sent": "attacks/test_forgery.py::test_what_only_the_server_sets_is_refused",
    "a forged position spoils no session": "api/sessions/test_replay.py::test_a_forged_position_makes_no_session_vanish",
    "a session is its owner's": "attacks/test_forgery.py::test_a_session_of_another_tenant_is_neither_read_nor_written",
    "facts about a session obey its rule": "api/sessions/test_ingest.py::test_rows_need_a_session_that_their_sender_may_write_to",
    "raw JSON is one object": "ingest/test_admission.py::test_what_is_no_single_object_is_not",
    "a row says what its sender may": "attacks/test_forgery.py::test_a_row_that_says_what_its_sender_may_not_is_refused_whole",
    "an identity is its sender's": "attacks/test_forgery.py::test_an_identity_is_its_sender_s_and_suppresses_nobody_else_s_facts",
    "a meter has its rules at every door": "attacks/test_forgery.py::test_a_meter_has_its_rules_at_every_door",
    "tenants see nothing of each other": "attacks/test_forgery.py::test_nothing_of_another_tenant_is_seen",
    "who may only send reads nothing": "attacks/test_forgery.py::test_who_may_only_send_is_not_shown_what_is_stored",
    "a question is bounded": "attacks/test_exhaustion.py::test_a_question_is_bounded",
    "a question is bounded before it is compiled": "query/test_complexity.py::test_a_query_at_its_bound_is_passed_on_and_one_beyond_is_refused",
    "bodies are not nested without end": "attacks/test_exhaustion.py::test_a_body_that_is_nested_without_end_is_refused",
    "bodies are not unpacked without end": "attacks/test_exhaustion.py::test_a_body_that_is_packed_small_is_not_unpacked_large",
    "parameters are bounded": "attacks/test_exhaustion.py::test_parameters_are_bounded",
    "texts to classify are bounded": "attacks/test_exhaustion.py::test_a_text_to_classify_is_bounded",
    "work ends with its client": "attacks/test_abandoned.py::test_queries_end_when_their_clients_go_and_keep_nobody_waiting",
    "nothing long is done in the event loop": "attacks/test_stalls.py::test_the_worst_request_keeps_nobody_waiting",
    "tenants have fair shares of exports": "export/test_series.py::test_no_tenants_many_series_push_out_anothers_few",
    "no series holds up an export": "export/test_otlp.py::test_a_series_that_is_refused_is_set_aside_and_no_other_is",
    "TLS has no CBC": "test_tls.py::test_is_served_with_no_suite_in_cbc_mode",
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_test(rule: str) -> None:
    path, _, name = RULES[rule].partition("::")

    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.walk(ast.parse((TESTS / path).read_text())) if isinstance(node, functions)}
    assert name in names
