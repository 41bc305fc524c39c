"""Pipeline orders: plan, extract, dedupe, load.

Made by aries schedule airflow, for Airflow 2 and 3: change the pipeline and make it anew.
"""

import json
import os
from datetime import datetime, timedelta

from airflow.providers.docker.exceptions import DockerContainerFailedException
from airflow.providers.docker.operators.docker import DockerOperator

try:
    from airflow.sdk import DAG, Param
except ImportError:  # Airflow 2
    from airflow.models.dag import DAG
    from airflow.models.param import Param
try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

# Usage, data, a bug, permission, configuration, out of memory: no retry can mend them.
FINAL = {2, 65, 70, 77, 78, 134}
# The container gets these from the worker's environment; what they hold stands nowhere.
SECRETS = ["SHOP_URL", "AWS_REGION"]
CONTAINER = {
    "image": "registry/orders:1",
    "auto_remove": "force",
    "mount_tmp_dir": False,
    "xcom_all": True,
    "network_mode": "host",
    "mem_limit": "512M",
}
# What tells one run from another comes by the environment.
RUN = {"ARIES_RUN_ID": "{{ run_id }}", "ARIES_FORCE": "{{ params.force | lower }}"}


def result_of(exit_code, line):
    """What a task returns, or how it fails: where nothing better is known, Airflow tries again."""
    if exit_code == 99:
        raise AirflowSkipException("aries: nothing to do")
    if exit_code in FINAL:
        raise AirflowFailException(f"aries: exit code {exit_code}: {line}")
    if exit_code != 0:
        raise AirflowException(f"aries: exit code {exit_code}: {line}")
    result = json.loads(line) if isinstance(line, str) else line or {}
    return result["partitions"] if result.get("step") == "plan" else result


def result_line(lines):
    """The line with the result: the last of stdout, but Docker may hand out lines of stderr behind it."""
    for line in reversed(lines or []):
        try:
            if "ok" in json.loads(line):
                return line
        except (ValueError, TypeError):
            pass
    return '{"exitCode": 1}'


class Aries(DockerOperator):
    """Runs aries in a container, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(**CONTAINER, **kwargs)
        self.partition = partition

    def execute(self, context):
        if self.partition is not None:
            self.command = [*self.command, "--partition", self.partition]
        private = {name: os.environ[name] for name in SECRETS if name in os.environ}
        self._private_environment = private
        try:
            return result_of(0, result_line(super().execute(context)))
        except DockerContainerFailedException as failure:
            line = result_line(failure.logs)
            return result_of(json.loads(line)["exitCode"], line)


with DAG(
    dag_id="orders",
    schedule="30 5 * * 1-5",
    start_date=datetime.fromisoformat("2020-01-01T00:00:00+00:00"),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=60),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
    },
    params={"force": Param(False, type="boolean")},
    tags=["aries"],
):
    plan = Aries(
        task_id="plan",
        command=["run", "pipeline.yaml", "--step", "extract", "--plan"],
        environment=RUN,
    )
    extract = Aries.partial(
        task_id="extract",
        command=["run", "pipeline.yaml", "--step", "extract"],
        environment=RUN,
    ).expand(partition=plan.output)
    transform_1 = Aries(
        task_id="dedupe",
        command=["run", "pipeline.yaml", "--step", "dedupe"],
        environment=RUN,
    )
    load = Aries(
        task_id="load",
        command=["run", "pipeline.yaml", "--step", "load"],
        environment=RUN,
    )
    plan >> extract >> transform_1 >> load
