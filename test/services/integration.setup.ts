import type { TestProject } from 'vitest/node';
import { type Availability, ensurePackages } from './apt.ts';
import type { S3Connection } from './bucket.ts';
import { CEPH_PACKAGES, startCeph } from './ceph.ts';
import { type DockerEngine, dockerNeeds, startDocker } from './docker.ts';
import { startPostgres } from './postgres.ts';
import { startPostgres15 } from './postgres-15.ts';

/**
 * A service, or why there is none: `missing` if this machine cannot have it (its tests are skipped), `broken` if it is
 * installed but does not start (`services.test.ts` fails).
 */
export type Service<T> = ({ state: 'ready' } & T) | { state: 'missing' | 'broken'; reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    /** A real S3 server (Ceph) for all integration tests; create buckets with `createBucket` of `bucket.ts`. */
    s3: Service<S3Connection>;
    /** A PostgreSQL 15 for all integration tests; create databases with `freshDatabase(url)`. */
    postgres15: Service<{ url: string }>;
    /** A Docker engine for all integration tests; run containers with `containers.ts`. */
    docker: Service<DockerEngine>;
  }
}

/** Starts the services once for all integration tests, and prints which of them are missing on this machine. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = new AsyncDisposableStack();
  const postgres = running.use(await startPostgres());
  project.provide('postgresUrl', postgres.url);

  project.provide(
    'postgres15',
    await service('PostgreSQL 15', ['postgresql-15'], async () => {
      const { url } = running.use(await startPostgres15());
      return { url };
    }),
  );
  project.provide(
    's3',
    await service('S3 (Ceph)', CEPH_PACKAGES, async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.use(await startCeph());
      return { endpoint, region, accessKeyId, secretAccessKey };
    }),
  );
  project.provide(
    'docker',
    await service('Docker', isSkipped('docker', 'airflow') ? LEFT_OUT : await dockerNeeds(), async () => {
      const { client, host, prefix, nodeImage, builders } = running.use(await startDocker());
      return { client, host, prefix, nodeImage, builders };
    }),
  );
  return () => running.disposeAsync();
}

const LEFT_OUT = 'Nothing that they depend on has changed since they passed.';

/** True if all these areas may be skipped; `.ci/run` lists them in the environment. */
function isSkipped(...areas: string[]): boolean {
  const skipped = (process.env.ARIES_TEST_SKIP ?? '').split(' ');
  return areas.every((area) => skipped.includes(area));
}

async function service<T>(name: string, needs: string[] | string, start: () => Promise<T>): Promise<Service<T>> {
  const packagesThere: Availability =
    typeof needs === 'string' ? { available: false, reason: needs } : await ensurePackages(needs);
  if (!packagesThere.available) {
    console.warn(`${name}: its tests are skipped. ${packagesThere.reason}`);
    return { state: 'missing', reason: packagesThere.reason };
  }
  try {
    return { state: 'ready', ...(await start()) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`${name} did not start: ${reason}`);
    return { state: 'broken', reason };
  }
}
