import { posix } from 'node:path';
import type { IContainer, IEnvVar, IPodSpec, IVolume, IVolumeMount } from 'kubernetes-models/v1';

/** Where a pipeline's tasks run: an image, what they may use, and the Secret that holds what its references name. */
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

/** What all pods of a pipeline share: no root, no token of the cluster, nothing of the cluster in the environment. */
export function podSettings({ secret, files }: PodOptions) {
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    // A Service named "aries" would bring variables ARIES_… of its own.
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

/** A container that may write to /tmp and nowhere else. */
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

/** The environment that references ask for: each value from the Secret's key of the same name. */
export function secretEnvironment({ secret, environment }: PodOptions): IEnvVar[] {
  return environment.map((name) => ({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } }));
}

function foldersOf(files: readonly string[]): [folder: string, names: string[]][] {
  const folders = Map.groupBy([...files].sort(), (file) => posix.dirname(file));
  return [...folders].map(([folder, paths]) => [folder, paths.map((path) => posix.basename(path))]);
}
