"""Pipeline orders: plan, extract, dedupe, load.

Made by aries schedule airflow, for Airflow 2 and 3: change the pipeline and make it anew.
"""

import json
from datetime import datetime, timedelta

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator

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


class Aries(BashOperator):
    """Runs aries in the worker's environment, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(append_env=True, cwd="/srv/pipelines", **kwargs)
        self.partition = partition

    def execute(self, context):
        env = self.get_env(context)
        if self.partition is not None:
            env["ARIES_PARTITION"] = self.partition
        done = self.subprocess_hook.run_command(["bash", "-c", self.bash_command], env=env, cwd=self.cwd)
        return result_of(done.exit_code, done.output)


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
        bash_command="exec aries run orders/pipeline.yaml --step extract --plan",
        env=RUN,
    )
    extract = Aries.partial(
        task_id="extract",
        bash_command="exec aries run orders/pipeline.yaml --step extract",
        env=RUN,
    ).expand(partition=plan.output)
    transform_1 = Aries(
        task_id="dedupe",
        bash_command="exec aries run orders/pipeline.yaml --step dedupe",
        env=RUN,
    )
    load = Aries(
        task_id="load",
        bash_command="exec aries run orders/pipeline.yaml --step load",
        env=RUN,
    )
    plan >> extract >> transform_1 >> load
