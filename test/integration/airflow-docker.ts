import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import type { Airflow } from '../services/airflow.ts';
import { ariesImages } from '../services/aries-images.ts';
import { createBucket } from '../services/bucket.ts';
import { type FreshDatabase, freshDatabase } from '../services/database.ts';
import { dockerDoes } from '../services/docker.ts';
import { noService } from '../services/no-service.ts';
import { query } from '../services/query.ts';
import { startProxy, type TcpProxy } from '../services/tcp-proxy.ts';

const root = resolve(import.meta.dirname, '../..');
const guide = readFileSync(join(root, 'docs/guides/airflow.md'), 'utf8');
const example = readFileSync(join(root, 'examples/scheduled/pipeline.yaml'), 'utf8');

/** Tests the guide's image in containers that Airflow's Docker provider starts on a real engine. */
export function testDockerOperator(airflow: Airflow): void {
  const [engine, s3] = [inject('docker'), inject('s3')];
  if (engine.state !== 'ready' || s3.state !== 'ready') {
    noService('operator docker: engine and S3 start', engine, s3);
    return;
  }

  describe('operator docker', () => {
    const image = `${engine.prefix}orders`;
    let folder: string;
    let shop: FreshDatabase;
    let warehouse: FreshDatabase;
    let proxy: TcpProxy;
    let env: Record<string, string>;

    beforeAll(async () => {
      folder = await temporaryFolder();
      [shop, warehouse] = [await freshDatabase(), await freshDatabase()];
      await query(
        shop.url,
        `CREATE TABLE customers (id int PRIMARY KEY, name text);
         INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 200) i;
         CREATE TABLE orders (id int PRIMARY KEY, customer int);
         INSERT INTO orders SELECT i, i % 200 + 1 FROM generate_series(1, 1000) i`,
      );
      const proxied = new URL(shop.url);
      proxy = await startProxy({ host: proxied.hostname, port: Number(proxied.port) });
      Object.assign(proxied, { hostname: '127.0.0.1', port: proxy.port });
      env = {
        // Airflow must use the same engine as the tests' client.
        DOCKER_HOST: await dockerDoes(engine, ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']),
        SHOP_URL: proxied.href,
        WAREHOUSE_URL: warehouse.url,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      };
      await buildImage(`s3://${await createBucket(s3)}/staging?endpoint=${encodeURIComponent(s3.endpoint)}`);
      await writeFile(join(airflow.dags, 'orders.py'), await dag());
    });
    afterAll(async () => {
      await proxy?.stop();
      await shop?.[Symbol.asyncDispose]();
      await warehouse?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** Builds the image as in the guide: the connector's image plus the pipeline file. */
    const buildImage = async (staging: string) => {
      const images = await ariesImages(engine, ['postgres']);
      await writeFile(join(folder, 'pipeline.yaml'), example.replace('s3://lake/staging', staging));
      await writeFile(join(folder, 'Dockerfile'), /^```dockerfile\n([\s\S]*?)^```/m.exec(guide)![1]!);
      const { code, output } = await images.build(folder, 'orders');
      expect(code, output).toBe(0);
    };

    const dag = async () => {
      const where = ['--operator', 'docker', '--image', image, '--file', 'pipeline.yaml', '--network', 'host'];
      const keys = ['--env', 'AWS_ACCESS_KEY_ID', '--env', 'AWS_SECRET_ACCESS_KEY'];
      const argv = ['schedule', 'airflow', 'pipeline.yaml', ...where, ...keys, '--retries', '2', '--retry-delay', '1'];
      const { code, stdout, stderr } = await runAries(argv, { cwd: folder });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };

    /** Runs the DAG; `exits` are the exit codes of its containers as recorded by the engine, in order. */
    const dagTest = async (date: string) => {
      const since = Date.now() / 1000;
      const { code, output } = await airflow.airflow(['dags', 'test', 'orders', date], env);
      const span = ['--since', String(since), '--until', String(Date.now() / 1000)];
      const filters = ['type=container', 'event=die', `image=${image}`].flatMap((filter) => ['--filter', filter]);
      const format = ['--format', '{{.Actor.Attributes.exitCode}}'];
      const noted = await dockerDoes(engine, ['events', ...span, ...filters, ...format]);
      return { code, output, exits: noted.split('\n').filter(Boolean).map(Number) };
    };

    const loaded = () =>
      query(
        warehouse.url,
        `SELECT (SELECT count(*)::int FROM shop.customers) AS customers, count(*)::int AS orders,
                count(DISTINCT id)::int AS ids FROM shop.orders`,
      );

    test('78 is not retried', async () => {
      // The schema to load into does not exist yet.
      const { code, exits, output } = await dagTest('2026-01-10');
      expect(exits, output).toEqual([0, 0, 0, 78]);
      expect(code).toBe(1);
    });

    test('plan, a container for each table, and load copy the shop to the warehouse', async () => {
      await query(warehouse.url, 'CREATE SCHEMA shop');
      const { code, exits, output } = await dagTest('2026-01-11');
      expect(exits, output).toEqual([0, 0, 0, 0]);
      expect(code).toBe(0);
      expect(await loaded()).toEqual([{ customers: 200, orders: 1000, ids: 1000 }]);
      for (const secret of [s3.secretAccessKey, new URL(shop.url).password]) expect(output).not.toContain(secret);
      expect(await dockerDoes(engine, ['ps', '--all', '--quiet', '--filter', `ancestor=${image}`])).toBe('');
    });

    test('75 is retried, and the data is correct', async () => {
      await query(shop.url, 'INSERT INTO orders SELECT i, 1 FROM generate_series(1001, 1100) i');
      let broken = false;
      proxy.onUpstreamData((data) => {
        // The first table that is read.
        if (broken || !data.includes('COPY')) return;
        broken = true;
        proxy.cut();
      });
      const { code, exits, output } = await dagTest('2026-01-12');
      expect(exits.sort(), output).toEqual([0, 0, 0, 0, 75]);
      expect(code).toBe(0);
      expect(await loaded()).toEqual([{ customers: 200, orders: 1100, ids: 1100 }]);
    });
  });
}
