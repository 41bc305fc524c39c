// What the commands load once one of them runs: none of it is needed for the help of others.
export { airflowDag } from './airflow.ts';
export { bashOperator, dockerOperator, kubernetesOperator, requireImage } from './airflow-operators.ts';
export { argoManifest } from './argo.ts';
export { crontab } from './cron.ts';
export { pipelineOf, podOf } from './from-flags.ts';
export { kubernetesManifest } from './kubernetes.ts';
export { refuseInterval } from './scheduled-pipeline.ts';
