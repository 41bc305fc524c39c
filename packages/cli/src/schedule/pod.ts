import { posix } from 'node:path';
import type { IContainer, IEnvVar, IPodSpec, IVolume, IVolumeMount } from 'kubernetes-models/v1';

/** Options of a pipeline's pods: the image, its resources, and the Secret that holds the values of its references. */
export interface PodOptions {
  image: string;
  cpu: string;
  memory: string;
  /** Name of a Secret of Kubernetes, with one key for each name of `environment` and `files`. */
  secret: string;
  environment: readonly string[];
  /** Paths of `${file:…}`, absolute. */
  files: readonly string[];
}

/** Returns the settings of all pods: no root, no service account token, no variables of services in the environment. */
export function podSettings({ secret, files }: PodOptions) {
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    // A Service named "aries" would set variables ARIES_….
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: [
      { name: 'tmp', emptyDir: {} },
      ...foldersOf(files).map(
        ([, names], index): IVolume => ({
          name: `files-${index}`,
          secret: { secretName: secret, items: names.map((name) => ({ key: name, path: name })) },
        }),
      ),
    ],
  } satisfies Partial<IPodSpec>;
}

/** Returns the settings of a container that can only write to /tmp. */
export function containerSettings(options: PodOptions) {
  return {
    image: options.image,
    resources: {
      requests: { cpu: options.cpu, memory: options.memory },
      limits: { memory: options.memory },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...foldersOf(options.files).map(
        ([mountPath], index): IVolumeMount => ({ name: `files-${index}`, mountPath, readOnly: true }),
      ),
    ],
  } satisfies Partial<IContainer>;
}

/** Returns the environment variables of the references, each from the Secret's key of the same name. */
export function secretEnvironment({ secret, environment }: PodOptions): IEnvVar[] {
  return environment.map((name) => ({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } }));
}

function foldersOf(files: readonly string[]): [folder: string, names: string[]][] {
  const folders = Map.groupBy([...files].sort(), (file) => posix.dirname(file));
  return [...folders].map(([folder, paths]) => [folder, paths.map((path) => posix.basename(path))]);
}
