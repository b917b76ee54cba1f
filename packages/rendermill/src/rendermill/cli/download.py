"""``rendermill download``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rendermill.cli.app import Json, Server, command, out, print_json
from rendermill.cli.follow import fetch
from rendermill.cli.follow import follow as follow_job


@command
def download(
    job_id: Annotated[int, typer.Argument(metavar="ID", help="The job's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the files.")] = Path(),
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the job ends.")] = False,
    server: Server = None,
    json_output: Json = False,
) -> None:
    """Fetch the files that a job made. What is there already is not fetched again."""
    from rendermill.sdk.bars import Bars
    from rendermill.sdk.connect import connect
    from rendermill.sdk.folders import check_writable
    from rendermill.sdk.transfer import Options, job_download

    client = connect(server)
    check_writable(output)
    if follow:
        follow_job(client, job_id, output, quiet=json_output)
    else:
        with Bars("fetching", quiet=json_output) as bars:
            fetch(job_download(client, job_id, output, Options(listener=bars)))
    paths = [str(output / each["path"]) for each in client.outputs(job_id)]
    print_json({"id": job_id, "files": paths}) if json_output else out.print(f"{len(paths)} files in {output}")
