"""Pipeline Événements / web: plan, extract, load.

Made by aries schedule airflow, for Airflow 2 and 3: change the pipeline and make it anew.
"""

import json
from datetime import datetime, timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
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
CONTAINER = {"image": "registry/orders:1"}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "spec": {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "containers": [
            {
                "name": "base",
                "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                "env": [
                    {
                        "name": "WAREHOUSE_URL",
                        "valueFrom": {
                            "secretKeyRef": {"name": "evenements-web-4582f6", "key": "WAREHOUSE_URL"},
                        },
                    },
                    {
                        "name": "AIRFLOW_CONN_WEB_API",
                        "valueFrom": {
                            "secretKeyRef": {"name": "evenements-web-4582f6", "key": "AIRFLOW_CONN_WEB_API"},
                        },
                    },
                ],
            },
        ],
    },
}
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


def exit_code_of(pod, container):
    """The exit code of a pod's container; 1 where it died without one."""
    statuses = (pod.status.container_statuses if pod and pod.status else None) or []
    ended = [one.state.terminated for one in statuses if one.name == container and one.state]
    return ended[0].exit_code if ended and ended[0] else 1


class Aries(KubernetesPodOperator):
    """Runs aries in a pod, and does with its exit code what it asks for."""

    def __init__(self, *, partition=None, **kwargs):
        super().__init__(pod_template_dict=POD, **CONTAINER, **kwargs)
        self.partition = partition

    def execute(self, context):
        if self.partition is not None:
            self.arguments = [*self.arguments, "--partition", self.partition]
        return result_of(0, super().execute(context))

    def cleanup(self, pod, remote_pod, *args, **kwargs):
        try:
            super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowException as failure:
            result_of(exit_code_of(remote_pod, self.base_container_name) or 1, str(failure))


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
        arguments=["run", "pipeline.yaml", "--step", "extract", "--plan", "--partitions", "4"],
        do_xcom_push=True,
        env_vars=RUN,
    )
    extract = Aries.partial(
        task_id="extract",
        arguments=["run", "pipeline.yaml", "--step", "extract"],
        do_xcom_push=False,
        env_vars=RUN,
    ).expand(partition=plan.output)
    load = Aries(
        task_id="load",
        arguments=["run", "pipeline.yaml", "--step", "load"],
        do_xcom_push=False,
        env_vars=RUN,
    )
    plan >> extract >> load
