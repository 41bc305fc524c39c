// Loaded when one of the commands runs: the help needs none of it.
export { airflowDag } from './airflow.ts';
export { bashOperator, dockerOperator, kubernetesOperator, requireImage } from './airflow-operators.ts';
export { argoManifest } from './argo.ts';
export { crontab } from './cron.ts';
export { pipelineOf, podOf } from './from-flags.ts';
export { kubernetesManifest } from './kubernetes.ts';
export { refuseInterval } from './scheduled-pipeline.ts';
