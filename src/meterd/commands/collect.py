"""`meterd collect`: a command for each collector."""

import sys
from typing import Annotated

import typer

command = typer.Typer(help="Fetch samples from elsewhere, until SIGTERM or SIGINT.", no_args_is_help=True)


@command.command("azure-service-bus")
def azure_service_bus(
    namespace: Annotated[
        str, typer.Option(envvar="METERD_AZURE_NAMESPACE", help="Resource id of the Service Bus namespace.")
    ],
    endpoint: Annotated[
        str,
        typer.Option(envvar="METERD_AZURE_ENDPOINT", help="https://REGION.metrics.monitor.azure.com, of its region."),
    ],
    interval: Annotated[
        float, typer.Option(envvar="METERD_AZURE_INTERVAL", min=1, help="Seconds between collections.")
    ] = 60,
    environment: Annotated[
        str | None, typer.Option(envvar="METERD_AZURE_ENVIRONMENT", help="Environment of the samples.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(envvar="METERD_URL", help="Address of the meterd server; METERD_TOKEN is its token.")
    ] = None,
) -> None:
    """Collect metrics of an Azure Service Bus namespace and its queues from Azure Monitor."""
    try:
        from meterd.collect.main import run
    except ModuleNotFoundError as error:
        advice = "pip install azure-identity azure-monitor-querymetrics"
        sys.stderr.write(f"meterd: this needs packages that are missing: {advice} ({error})\n")
        sys.exit(1)
    run(url, namespace, endpoint, interval, environment)
