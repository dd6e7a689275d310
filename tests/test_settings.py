import contextlib
import re
from pathlib import Path

import pytest

from meterd.errors import ConfigurationError
from meterd.settings import Listener, Settings, describe, load
from tests.docs.test_settings_documented import keys

STOCK_AI_GUARD_FILE = """
service:
  listen: ${AI_GUARD_SERVICE_PORT:-0.0.0.0:4443}
  timeout: 10
  authorization:
    type: onetrust
    validation-endpoint: ${OT_SERVICE_BASE_URL}/api/label-manager/v2/custom-classifiers?searchTerm=4a72ec89d3b4798c
    trusted-root-path: ${VALIDATION_ENDPOINT_TRUSTED_ROOT_PATH:-}
    trusted-root-address: ${VALIDATION_ENDPOINT_TRUSTED_ROOT_ADDRESS:-}
    initial-backoff: 0.15
    max-retry-duration: 2.0
    cache-max-capacity: 1000
    cache-ttl: 300
  tls:
    key-path: ${TLS_KEY_PATH:-/etc/ssl/litenode/tls.key}
    certificate-path: ${CERTIFICATE_PATH:-/etc/ssl/litenode/tls.crt}
classification:
  min-allowed-likelihood: LIKELY
  client:
    type: client
    classifier-base-url: ${JOB_EXECUTOR_BASE_URL:-http://scan-job-manager:8080}
metrics:
  allowed-attributes:
    - region
    - tenant_id
  exporter:
    type: onetrust
    collector-endpoint: ${DATADISCOVERY_ONPREM_AGENT_URI:-http://datadiscovery-onprem-agent:8080}
    interval: ${METRICS_EXPORT_INTERVAL:-hour}
    initial-backoff: 0.15
    max-retry-duration: 30.0
    trusted-root-path: ${METRICS_ENDPOINT_TRUSTED_ROOT_PATH:-}
    trusted-root-address: ${METRICS_ENDPOINT_TRUSTED_ROOT_ADDRESS:-}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "meterd.yaml"


def load_text(file: Path, text: str, /, **environment: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load(file, environment)


def refusal(file: Path, text: str, /, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_text(file, text, **environment)
    return caught.value.message


class TestVariables:
    def test_a_set_variable_is_expanded(self, file: Path) -> None:
        settings = load_text(file, "service: {listen: '${ADDRESS}'}", ADDRESS="10.0.0.1:99")

        assert settings.service.listen == "10.0.0.1:99"

    def test_an_unset_variable_stops_the_start_with_its_name(self, file: Path) -> None:
        assert "OT_SERVICE_BASE_URL" in refusal(file, "store: {memory: '${OT_SERVICE_BASE_URL}'}")

    def test_an_empty_variable_counts_as_unset(self, file: Path) -> None:
        assert "ADDRESS" in refusal(file, "service: {listen: '${ADDRESS}'}", ADDRESS="")
        assert load_text(file, "service: {listen: '${ADDRESS:-1.2.3.4:5}'}", ADDRESS="").service.listen == "1.2.3.4:5"

    def test_the_default_is_used_only_when_the_variable_is_unset(self, file: Path) -> None:
        text = "store: {memory: '${MEMORY:-1GB}'}"

        assert load_text(file, text).store.memory == "1GB"
        assert load_text(file, text, MEMORY="3GB").store.memory == "3GB"

    def test_a_default_may_hold_colons_and_slashes_within_a_longer_string(self, file: Path) -> None:
        text = "classification: {client: {classifier-base-url: '${SCHEME:-http}://${HOST:-a:80/b/c}/x'}}"

        classification = load_text(file, text).classification
        assert classification is not None
        assert classification.client is not None
        assert classification.client.classifier_base_url == "http://a:80/b/c/x"

    def test_an_option_that_expands_to_nothing_counts_as_not_given(self, file: Path) -> None:
        text = "service: {timeout: '${TIMEOUT:-}', authorization: {trusted-root-path: '${ROOT:-}'}}"

        service = load_text(file, text).service
        assert service.timeout == 10.0
        assert service.authorization is not None
        assert service.authorization.trusted_root_path is None

    def test_types_are_converted_after_expansion(self, file: Path) -> None:
        text = "{service: {timeout: '${T}'}, ingest: {max-rows: '${N:-17}'}}"

        settings = load_text(file, text, T="2.5")
        assert settings.service.timeout == 2.5
        assert settings.ingest.max_rows == 17

    def test_what_a_variable_holds_is_not_expanded_again(self, file: Path) -> None:
        assert load_text(file, "service: {listen: '${A}'}", A="${B}", B="no").service.listen == "${B}"

    def test_variables_in_lists_are_expanded(self, file: Path) -> None:
        metrics = load_text(file, "metrics: {allowed-attributes: ['${A:-x}', y]}").metrics

        assert metrics is not None
        assert metrics.allowed_attributes == ("x", "y")


class TestPrecedence:
    def test_the_environment_overrides_the_file(self, file: Path) -> None:
        settings = load_text(file, "ingest: {max-body-bytes: 5}", METERD_INGEST__MAX_BODY_BYTES="6")

        assert settings.ingest.max_body_bytes == 6

    def test_flags_override_the_environment(self) -> None:
        settings = load(None, {"METERD_SERVICE__LISTEN": "a:1"}, {"service.listen": "b:2"})

        assert settings.service.listeners == (Listener("b", 2, tls=False),)

    def test_the_environment_reaches_nested_sections(self, tmp_path: Path) -> None:
        environment = {
            "METERD_SERVICE__AUTHORIZATION__TYPE": "shared-secret",
            "METERD_SERVICE__AUTHORIZATION__SECRET_PATH": "/s",
        }

        authorization = load(None, environment).service.authorization
        assert authorization is not None
        assert (authorization.type, authorization.secret_path) == ("shared-secret", "/s")

    def test_an_environment_variable_may_hold_a_list(self) -> None:
        metrics = load(None, {"METERD_METRICS__ALLOWED_ATTRIBUTES": '["region", "zone"]'}).metrics

        assert metrics is not None
        assert metrics.allowed_attributes == ("region", "zone")

    def test_a_malformed_list_in_the_environment_is_refused_by_name(self) -> None:
        with pytest.raises(ConfigurationError, match=r"(?i)allowed.attributes"):
            load(None, {"METERD_METRICS__ALLOWED_ATTRIBUTES": '["region'})

    def test_other_variables_of_the_command_line_are_no_settings(self) -> None:
        environment = {"METERD_DATA": "/d", "METERD_CONFIG": "/c", "METERD_FAIL_POINT": "x", "HOME": "/root"}

        assert load(None, {}) == load(None, environment)

    def test_a_flag_into_a_section_that_is_no_mapping_is_refused(self, file: Path) -> None:
        file.write_text("service: hello")

        with pytest.raises(ConfigurationError, match="service"):
            load(file, {}, {"service.listen": "b:2"})

    def test_a_log_level_of_rust_log_is_the_fallback(self, file: Path) -> None:
        assert load(None, {"RUST_LOG": "debug"}).logging.level == "debug"
        assert load_text(file, "logging: {level: error}", RUST_LOG="debug").logging.level == "error"


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("servise: {}", "servise"),
            ("service: {lissten: 1}", "service.lissten"),
            ("service: {tls: {key: x}}", "service.tls.key"),
            ("metrics: {exporter: {url: x}}", "metrics.exporter.url"),
            ("ingest: {max_rows: 5}", "ingest.max_rows"),
        ],
    )
    def test_an_unknown_key_is_named(self, file: Path, text: str, key: str) -> None:
        assert f"{key} is not a known field" in refusal(file, text)

    def test_an_unknown_key_of_the_environment_is_named(self) -> None:
        with pytest.raises(ConfigurationError, match=r"service\.lissten"):
            load(None, {"METERD_SERVICE__LISSTEN": "1"})

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("service: {timeout: soon}", "service.timeout"),
            ("service: {timeout: 0}", "service.timeout"),
            ("service: {timeout: [1]}", "service.timeout"),
            ("ingest: {max-rows: 0}", "ingest.max-rows"),
            ("ingest: {max-rows: 1.5}", "ingest.max-rows"),
            ("metrics: {allowed-attributes: {a: b}}", "metrics.allowed-attributes"),
            ("logging: {level: loud}", "logging.level"),
            ("service: {authorization: {type: ldap}}", "service.authorization.type"),
            ("service: 5", "service"),
        ],
    )
    def test_a_value_of_a_wrong_type_is_named(self, file: Path, text: str, key: str) -> None:
        assert key in refusal(file, text)

    def test_a_refused_choice_tells_the_choices(self, file: Path) -> None:
        message = refusal(file, "logging: {level: loud}")

        assert [level for level in ("debug", "info", "warning", "error") if level not in message] == []

    def test_a_missing_file_is_named(self, file: Path) -> None:
        with pytest.raises(ConfigurationError, match=str(file)):
            load(file, {})

    @pytest.mark.parametrize("content", [b"service: [", b"\xff\xfe\x00", b"- a\n- b\n", b"hello", b"a: b: c"])
    def test_a_file_that_is_no_mapping_is_refused_by_name(self, file: Path, content: bytes) -> None:
        file.write_bytes(content)

        with pytest.raises(ConfigurationError, match=str(file)):
            load(file, {})

    def test_a_key_that_is_no_text_is_refused(self, file: Path) -> None:
        assert "settings" in refusal(file, "5: {}")


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("store: {memroy: 1GB}", "store.memory"),
            ("ingest: {max_rows: 5}", "ingest.max-rows"),
            ("servise: {}", "service"),
            ("service: {authorization: {secret: x}}", "service.authorization.secret-path"),
            ("query: {retention: {}}", "store.retention"),
        ],
    )
    def test_an_unknown_key_that_looks_like_a_known_one_is_told_which(self, file: Path, text: str, meant: str) -> None:
        assert f"did you mean {meant}?" in refusal(file, text)

    def test_an_unknown_key_like_no_other_is_only_named(self, file: Path) -> None:
        assert "did you mean" not in refusal(file, "zzz: {}")

    @pytest.mark.parametrize("text", ["store: {memory: 1GB}\nstore: {}", "store:\n  memory: 1GB\n  memory: 2GB"])
    def test_a_key_that_is_there_twice_is_refused_with_its_lines(self, file: Path, text: str) -> None:
        refused = refusal(file, text)

        assert "is there twice, in the lines " in refused
        assert str(file) in refused

    def test_a_merged_mapping_may_be_overridden(self, file: Path) -> None:
        text = "store: &own {memory: 1GB}\nquery:\n  <<: *own\n  memory: 512MB"

        assert load_text(file, text).query.memory == "512MB"

    def test_empty_members_of_lists_are_not_given(self, file: Path) -> None:
        metrics = load_text(file, "metrics: {allowed-attributes: [a, '${EXTRA:-}', null, b]}").metrics

        assert metrics is not None
        assert metrics.allowed_attributes == ("a", "b")

    @pytest.mark.parametrize("size", ["lots", "5", "-1GB"])
    def test_a_size_that_is_none_is_told_what_one_looks_like(self, file: Path, size: str) -> None:
        refused = refusal(file, f"store: {{memory: '{size}'}}")

        assert "store.memory must be a size such as 512MB" in refused
        assert "^" not in refused

    @pytest.mark.parametrize("name", ["two words", "a/b", "-a", "x" * 65])
    def test_a_node_that_has_no_name_fit_for_logs_is_refused(self, file: Path, name: str) -> None:
        assert "node.id must be a name of at most 64 letters" in refusal(file, f"node: {{id: '{name}'}}")

    @pytest.mark.parametrize("name", ["a", "meterd-0.meterd.default", "x" * 64])
    def test_a_node_may_be_named(self, name: str) -> None:
        assert name == load(None, {"METERD_NODE__ID": name}).node.id


class TestListen:
    @pytest.mark.parametrize(
        ("listen", "address"),
        [
            ("127.0.0.1:8080", ("127.0.0.1", 8080)),
            ("localhost:0", ("localhost", 0)),
            ("0.0.0.0:4443", ("0.0.0.0", 4443)),
            ("4443", ("0.0.0.0", 4443)),
            (":4443", ("0.0.0.0", 4443)),
            ("'[::1]:8080'", ("::1", 8080)),
            ("'[::]:65535'", ("::", 65535)),
        ],
    )
    def test_is_host_and_port_or_a_port_alone(self, file: Path, listen: str, address: tuple[str, int]) -> None:
        text = f"service: {{listen: {listen if listen[0] in chr(39) else repr(listen)}}}"

        assert (Listener(*address, tls=False),) == load_text(file, text).service.listeners

    def test_a_number_is_a_port(self, file: Path) -> None:
        listeners = load_text(file, "service: {listen: 4443}").service.listeners

        assert (Listener("0.0.0.0", 4443, tls=False),) == listeners

    @pytest.mark.parametrize("listen", ["host", "host:", "host:x", "host:65536", "70000", "host:-1", "a:1:x"])
    def test_anything_else_is_refused_with_the_value(self, listen: str) -> None:
        settings = load(None, {"METERD_SERVICE__LISTEN": listen})

        with pytest.raises(ConfigurationError, match=r"service\.listen") as caught:
            _ = settings.service.listeners
        assert listen in caught.value.message

    def test_is_loopback_and_plain_http_by_default(self) -> None:
        service = load(None, {}).service

        assert service.listeners == (Listener("127.0.0.1", 8080, tls=False),)
        assert service.tls is None


class TestAIGuard:
    def test_its_stock_file_is_accepted_as_it_is(self, file: Path) -> None:
        settings = load_text(file, STOCK_AI_GUARD_FILE, OT_SERVICE_BASE_URL="https://tenant.example")

        assert settings.service.listeners == (Listener("0.0.0.0", 4443, tls=True),)
        authorization = settings.service.authorization
        assert authorization is not None
        assert (
            authorization.validation_endpoint
            == "https://tenant.example/api/label-manager/v2/custom-classifiers?searchTerm=4a72ec89d3b4798c"
        )
        assert authorization.trusted_root_path is None
        assert authorization.trusted_root_address is None
        assert settings.service.tls is not None
        assert settings.service.tls.key_path == "/etc/ssl/litenode/tls.key"
        assert settings.metrics is not None
        assert settings.metrics.allowed_attributes == ("region", "tenant_id")
        assert settings.metrics.exporter is not None
        assert settings.metrics.exporter.collector_endpoint == "http://datadiscovery-onprem-agent:8080"

    def test_its_port_variable_may_be_a_port_alone(self, file: Path) -> None:
        settings = load_text(file, STOCK_AI_GUARD_FILE, OT_SERVICE_BASE_URL="https://t", AI_GUARD_SERVICE_PORT="9443")

        assert settings.service.listeners == (Listener("0.0.0.0", 9443, tls=True),)

    def test_its_base_url_is_required(self, file: Path) -> None:
        assert "OT_SERVICE_BASE_URL" in refusal(file, STOCK_AI_GUARD_FILE)

    def test_its_otlp_exporter_is_accepted(self, file: Path) -> None:
        text = "metrics: {exporter: {type: otlp, collector-endpoint: 'http://c:4317', interval: 60}}"

        metrics = load_text(file, text).metrics
        assert metrics is not None
        assert metrics.exporter is not None
        assert (metrics.exporter.type, metrics.exporter.interval) == ("otlp", 60)


class TestMetricsSection:
    def test_is_on_without_a_file(self) -> None:
        assert load(None, {}).metrics is not None

    @pytest.mark.parametrize("text", ["", "service: {}", "# nothing\n"])
    def test_is_off_when_a_file_has_none(self, file: Path, text: str) -> None:
        assert load_text(file, text).metrics is None

    @pytest.mark.parametrize("text", ["metrics:", "metrics: {}", "metrics: {allowed-attributes: []}"])
    def test_is_on_when_a_file_has_an_empty_one(self, file: Path, text: str) -> None:
        assert load_text(file, text).metrics is not None


class TestDescription:
    def test_is_a_settings_file_that_gives_the_same_settings(self, file: Path, tmp_path: Path) -> None:
        settings = load_text(file, STOCK_AI_GUARD_FILE, OT_SERVICE_BASE_URL="https://tenant.example")

        assert settings == load_text(tmp_path / "described.yaml", describe(settings))

    @pytest.mark.parametrize(
        "address",
        ["http://alice:hunter2@collector:4317", "https://hunter2@collector", "http://alice:hun@hunter2@collector:1/x"],
    )
    def test_masks_credentials_in_addresses(self, file: Path, address: str) -> None:
        settings = load_text(file, "metrics: {exporter: {collector-endpoint: '${URL}'}}", URL=address)

        description = describe(settings)
        assert "hunter2" not in description
        assert "collector" in description.split("collector-endpoint: ")[1].split("\n")[0]

    def test_masks_every_text_that_is_called_a_secret(self) -> None:
        called = [key for key, _ in keys(Settings) if re.search(r"(password|secret|token|passphrase|credential)$", key)]

        shown = {}
        for key in called:
            variable = f"METERD_{key.upper().replace('.', '__').replace('-', '_')}"
            with contextlib.suppress(ConfigurationError):  # it is no text, but one of a few words
                shown[key] = "hunter2" in describe(load(None, {variable: "hunter2"}))
        assert shown == dict.fromkeys(shown, False)
        assert "store.password" in shown
