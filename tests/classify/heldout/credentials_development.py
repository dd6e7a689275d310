"""Credentials of development services, in the forms that their makers publish."""

import string
from base64 import b64encode
from random import Random

from tests.classify.heldout.credentials_cloud import UUID
from tests.classify.heldout.drawing import (
    ALPHANUMERIC,
    CAPITALS,
    HEXADECIMAL,
    WORD,
    joined,
    masked,
    one_of,
    some,
)
from tests.classify.heldout.token import nameless, token

_LOWER = string.ascii_lowercase + string.digits
_HEX_CAPITALS = string.digits + "ABCDEF"


def _sentry(random: Random) -> str:
    inner = f'{{"iat":17{random.randrange(10**8):08}.5,"url":"https://sentry.io","region_url":"https://us.sentry.io","org":"acme"}}'
    return f"sntrys_{b64encode(inner.encode()).decode()}_{some(ALPHANUMERIC, 43)(random)}"


KINDS = (
    token("GITHUB_PERSONAL_TOKEN", "GitHub", "GITHUB_TOKEN", some(ALPHANUMERIC, 36, "ghp_")),
    token("GITHUB_OAUTH_TOKEN", "GitHub", "GH_OAUTH", some(ALPHANUMERIC, 36, "gho_")),
    token("GITHUB_USER_TOKEN", "GitHub", "GH_USER_TOKEN", some(ALPHANUMERIC, 36, "ghu_")),
    token("GITHUB_APP_TOKEN", "GitHub", "GITHUB_TOKEN", some(ALPHANUMERIC, 36, "ghs_")),
    token("GITHUB_REFRESH_TOKEN", "GitHub", "GH_REFRESH_TOKEN", some(ALPHANUMERIC, 76, "ghr_")),
    token(
        "GITHUB_FINE_GRAINED_TOKEN",
        "GitHub",
        "GH_TOKEN",
        joined("github_pat_", some(ALPHANUMERIC, 22), "_", some(ALPHANUMERIC, 59)),
    ),
    token("GITLAB_PERSONAL_TOKEN", "GitLab", "GITLAB_TOKEN", some(WORD, 19, "glpat-", "z")),
    token("GITLAB_PIPELINE_TRIGGER_TOKEN", "GitLab", "TRIGGER_TOKEN", some(HEXADECIMAL, 40, "glptt-")),
    token("GITLAB_RUNNER_TOKEN", "GitLab", "RUNNER_TOKEN", some(WORD, 19, "glrt-", "z")),
    token("GITLAB_RUNNER_REGISTRATION_TOKEN", "GitLab", "REGISTRATION_TOKEN", some(WORD, 19, "GR1348941", "z")),
    token("GITLAB_DEPLOY_TOKEN", "GitLab", "CI_DEPLOY_PASSWORD", some(WORD, 19, "gldt-", "z")),
    token("GITLAB_FEED_TOKEN", "GitLab", "FEED_TOKEN", some(WORD, 19, "glft-", "z")),
    token(
        "GITLAB_JOB_TOKEN", "GitLab", "CI_JOB_TOKEN", joined("glcbt-", some(HEXADECIMAL, 2), "_", some(WORD, 19), "z")
    ),
    token("GITLAB_OAUTH_SECRET", "GitLab", "GITLAB_APP_SECRET", some(HEXADECIMAL, 64, "gloas-")),
    token("GITLAB_AGENT_TOKEN", "GitLab", "AGENT_TOKEN", some(WORD, 49, "glagent-", "z")),
    token("GITLAB_SCIM_TOKEN", "GitLab", "SCIM_TOKEN", some(WORD, 19, "glsoat-", "z")),
    token(
        "BITBUCKET_REPOSITORY_TOKEN",
        "Bitbucket",
        "BITBUCKET_TOKEN",
        joined("ATCTT3xFfGN0", some(WORD, 171), "=", some(_HEX_CAPITALS, 8)),
    ),
    token(
        "BITBUCKET_APP_PASSWORD",
        "Bitbucket",
        "BITBUCKET_APP_PASSWORD",
        joined("ATBB", some(ALPHANUMERIC, 24), some(_HEX_CAPITALS, 8)),
    ),
    token(
        "ATLASSIAN_API_TOKEN",
        "Jira",
        "JIRA_API_TOKEN",
        joined("ATATT3xFfGF0", some(WORD, 171), "=", some(_HEX_CAPITALS, 8)),
    ),
    token("NPM_ACCESS_TOKEN", "npm", "NPM_TOKEN", some(ALPHANUMERIC, 36, "npm_")),
    token("PYPI_TOKEN", "PyPI", "TWINE_PASSWORD", some(WORD, 155, "pypi-AgEIcHlwaS5vcmcCJ", "Q")),
    token("TESTPYPI_TOKEN", "TestPyPI", "TWINE_PASSWORD", some(WORD, 155, "pypi-AgENdGVzdC5weXBpLm9yZwIk", "Q")),
    token("RUBYGEMS_TOKEN", "RubyGems", "GEM_HOST_API_KEY", some(HEXADECIMAL, 48, "rubygems_")),
    token("CRATES_IO_TOKEN", "crates.io", "CARGO_REGISTRY_TOKEN", some(ALPHANUMERIC, 32, "cio")),
    token("NUGET_API_KEY", "NuGet", "NUGET_API_KEY", some(string.ascii_lowercase + "234567", 43, "oy2")),
    token("CLOJARS_TOKEN", "Clojars", "CLOJARS_PASSWORD", some(HEXADECIMAL, 60, "CLOJARS_")),
    token("DOCKER_HUB_TOKEN", "Docker Hub", "DOCKERHUB_TOKEN", some(WORD, 26, "dckr_pat_", "z")),
    token("DOCKER_HUB_ORGANISATION_TOKEN", "Docker Hub", "DOCKERHUB_TOKEN", some(WORD, 31, "dckr_oat_", "z")),
    token("ARTIFACTORY_API_KEY", "Artifactory", "ARTIFACTORY_API_KEY", some(ALPHANUMERIC, 69, "AKCp")),
    token("ARTIFACTORY_REFERENCE_TOKEN", "Artifactory", "ARTIFACTORY_TOKEN", some(ALPHANUMERIC, 56, "cmVmdGtu")),
    token(
        "CIRCLECI_TOKEN",
        "CircleCI",
        "CIRCLE_TOKEN",
        joined("CCIPAT_", some(ALPHANUMERIC, 22), "_", some(HEXADECIMAL, 40)),
    ),
    token("BUILDKITE_USER_TOKEN", "Buildkite", "BUILDKITE_API_TOKEN", some(HEXADECIMAL, 40, "bkua_")),
    token(
        "SONARQUBE_TOKEN",
        "SonarQube",
        "SONAR_TOKEN",
        one_of(some(HEXADECIMAL, 40, "squ_"), some(HEXADECIMAL, 40, "sqp_")),
    ),
    nameless("SNYK_TOKEN", "Snyk", "SNYK_TOKEN", UUID),
    nameless("CODECOV_TOKEN", "Codecov", "CODECOV_TOKEN", UUID),
    token(
        "POSTMAN_API_KEY",
        "Postman",
        "POSTMAN_API_KEY",
        joined("PMAK-", some(HEXADECIMAL, 24), "-", some(HEXADECIMAL, 34)),
    ),
    token("LINEAR_API_KEY", "Linear", "LINEAR_API_KEY", some(ALPHANUMERIC, 40, "lin_api_")),
    token("FIGMA_TOKEN", "Figma", "FIGMA_TOKEN", some(WORD, 39, "figd_", "z")),
    token(
        "NOTION_TOKEN",
        "Notion",
        "NOTION_TOKEN",
        one_of(some(ALPHANUMERIC, 43, "secret_"), joined("ntn_", masked("###########"), some(ALPHANUMERIC, 35))),
    ),
    token(
        "AIRTABLE_TOKEN",
        "Airtable",
        "AIRTABLE_TOKEN",
        joined("pat", some(ALPHANUMERIC, 14), ".", some(HEXADECIMAL, 64)),
    ),
    token(
        "ASANA_TOKEN",
        "Asana",
        "ASANA_ACCESS_TOKEN",
        joined(masked("2/12##############/12##############:"), some(HEXADECIMAL, 32)),
    ),
    token("SENTRY_TOKEN", "Sentry", "SENTRY_AUTH_TOKEN", one_of(_sentry, some(HEXADECIMAL, 64, "sntryu_"))),
    token(
        "SENTRY_DSN",
        "Sentry",
        "SENTRY_DSN",
        joined(
            "https://",
            some(HEXADECIMAL, 32),
            masked("@o450#####.ingest.sentry.io/450##########", "@o######.ingest.us.sentry.io/#######"),
        ),
    ),
    token(
        "GRAFANA_TOKEN", "Grafana", "GRAFANA_TOKEN", joined("glsa_", some(ALPHANUMERIC, 32), "_", some(HEXADECIMAL, 8))
    ),
    token(
        "NEW_RELIC_KEY",
        "New Relic",
        "NEW_RELIC_API_KEY",
        one_of(some(CAPITALS, 27, "NRAK-"), joined(some(HEXADECIMAL, 36), "NRAL")),
    ),
    token(
        "DYNATRACE_TOKEN",
        "Dynatrace",
        "DT_API_TOKEN",
        joined(
            "dt0c01.", some(string.ascii_uppercase + "234567", 24), ".", some(string.ascii_uppercase + "234567", 64)
        ),
    ),
    token("PREFECT_API_KEY", "Prefect", "PREFECT_API_KEY", some(ALPHANUMERIC, 36, "pnu_")),
    token(
        "DATABRICKS_TOKEN",
        "Databricks",
        "DATABRICKS_TOKEN",
        one_of(some(HEXADECIMAL, 32, "dapi"), some(HEXADECIMAL, 32, "dapi", "-2")),
    ),
    token("PLANETSCALE_TOKEN", "PlanetScale", "PLANETSCALE_SERVICE_TOKEN", some(WORD, 42, "pscale_tkn_", "z")),
    token("PLANETSCALE_PASSWORD", "PlanetScale", "DATABASE_PASSWORD", some(WORD, 42, "pscale_pw_", "z")),
    token("SUPABASE_TOKEN", "Supabase", "SUPABASE_ACCESS_TOKEN", some(HEXADECIMAL, 40, "sbp_")),
    token(
        "SUPABASE_SECRET_KEY",
        "Supabase",
        "SUPABASE_SECRET_KEY",
        joined("sb_secret_", some(WORD, 22), "_", some(ALPHANUMERIC, 8)),
    ),
    token("NEON_API_KEY", "Neon", "NEON_API_KEY", some(_LOWER, 64, "napi_")),
    token("LAUNCHDARKLY_KEY", "LaunchDarkly", "LD_SDK_KEY", one_of(joined("sdk-", UUID), joined("api-", UUID))),
)
