"""Pipeline Événements / web: plan, extract, load.

Made by aries schedule airflow, for Airflow 2 and 3: change the pipeline and make it anew.
"""

import json
from datetime import datetime, timedelta

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator
try:
    from airflow.sdk import BaseHook
except ImportError:
    from airflow.hooks.base import BaseHook
from airflow.timetables.interval import CronDataIntervalTimetable

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
CONNECTIONS = ["web_api"]
# What tells one run from another comes by the environment.
RUN = {
    "ARIES_RUN_ID": "{{ run_id }}",
    "ARIES_FORCE": "{{ params.force | lower }}",
    "ARIES_INTERVAL_START": "{{ data_interval_start.isoformat() }}",
    "ARIES_INTERVAL_END": "{{ data_interval_end.isoformat() }}",
}


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


class Aries(BashOperator):
    """Runs aries in the worker's environment, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(append_env=True, cwd="/srv/x", **kwargs)
        self.partition = partition

    def execute(self, context):
        env = self.get_env(context)
        if self.partition is not None:
            env["ARIES_PARTITION"] = self.partition
        for connection in CONNECTIONS:
            env["AIRFLOW_CONN_" + connection.upper()] = BaseHook.get_connection(connection).get_uri()
        done = self.subprocess_hook.run_command(["bash", "-c", self.bash_command], env=env, cwd=self.cwd)
        return result_of(done.exit_code, done.output)


with DAG(
    dag_id="Evenements_web-4582f6",
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
    catchup=True,
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
        bash_command="exec aries run 'it'\\''s.yaml' --step extract --plan",
        env=RUN,
    )
    extract = Aries.partial(
        task_id="extract",
        bash_command="exec aries run 'it'\\''s.yaml' --step extract",
        env=RUN,
    ).expand(partition=plan.output)
    load = Aries(
        task_id="load",
        bash_command="exec aries run 'it'\\''s.yaml' --step load",
        env=RUN,
    )
    plan >> extract >> load
