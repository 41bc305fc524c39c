import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { openMetricsFile } from './metrics-file.ts';
import { metricsText } from './metrics-text.ts';
import { recordRun } from './run-figures.ts';

const sampleOf = (text: string, name: string) => new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1];

/** What the process itself has used differs each time. */
const stable = (text: string) => text.replaceAll(/(aries_process_\w+\{.*\}) .*/g, '$1 …');

test('a run is written in the text format, with names and units by the conventions of Prometheus', () => {
  const recorder = recordRun('run', { now: () => 1_700_000_000_000 });
  recorder.onStart({ step: 'extract', name: 'shop "east"\\\n', runId: 'monday' });
  recorder.onProgress({ step: 'extract', stream: 'users', records: 5, rejected: 1, bytes: 100 });
  const context = { version: '1.2.3', now: 1_700_000_002_500, lastSuccess: undefined };
  expect(stable(metricsText(recorder.figures, context))).toMatchInlineSnapshot(`
    "# HELP aries_build_info The version of Aries.
    # TYPE aries_build_info gauge
    aries_build_info{name="shop \\"east\\"\\\\\\n",command="run",version="1.2.3"} 1
    # HELP aries_run_active 1 while the run is in progress, 0 once it has ended.
    # TYPE aries_run_active gauge
    aries_run_active{name="shop \\"east\\"\\\\\\n",command="run"} 1
    # HELP aries_run_start_timestamp_seconds When the run started, in seconds since 1970.
    # TYPE aries_run_start_timestamp_seconds gauge
    aries_run_start_timestamp_seconds{name="shop \\"east\\"\\\\\\n",command="run"} 1700000000
    # HELP aries_run_duration_seconds Duration of the run, so far or in total.
    # TYPE aries_run_duration_seconds gauge
    aries_run_duration_seconds{name="shop \\"east\\"\\\\\\n",command="run"} 2.5
    # HELP aries_step_duration_seconds Duration of a step, so far or in total.
    # TYPE aries_step_duration_seconds gauge
    aries_step_duration_seconds{name="shop \\"east\\"\\\\\\n",command="run",step="extract"} 2.5
    # HELP aries_stream_records_total Records that a step of this run has read (extract, transforms) or loaded.
    # TYPE aries_stream_records_total counter
    aries_stream_records_total{name="shop \\"east\\"\\\\\\n",command="run",step="extract",stream="users"} 5
    # HELP aries_stream_rejected_records_total Records that a step of this run has set aside.
    # TYPE aries_stream_rejected_records_total counter
    aries_stream_rejected_records_total{name="shop \\"east\\"\\\\\\n",command="run",step="extract",stream="users"} 1
    # HELP aries_stream_bytes_total Bytes that a step of this run has encoded, or loaded as they were staged.
    # TYPE aries_stream_bytes_total counter
    aries_stream_bytes_total{name="shop \\"east\\"\\\\\\n",command="run",step="extract",stream="users"} 100
    # HELP aries_process_resident_memory_bytes Resident memory of the process.
    # TYPE aries_process_resident_memory_bytes gauge
    aries_process_resident_memory_bytes{name="shop \\"east\\"\\\\\\n",command="run"} …
    # HELP aries_process_max_resident_memory_bytes Highest resident memory of the process so far.
    # TYPE aries_process_max_resident_memory_bytes gauge
    aries_process_max_resident_memory_bytes{name="shop \\"east\\"\\\\\\n",command="run"} …
    # HELP aries_process_cpu_seconds_total CPU time that the run has used.
    # TYPE aries_process_cpu_seconds_total counter
    aries_process_cpu_seconds_total{name="shop \\"east\\"\\\\\\n",command="run"} …
    "
  `);
});

test('after the end, the counts are those of the result, and the exit code is set', () => {
  let time = 1000;
  const recorder = recordRun('run', { now: () => time });
  recorder.onStart({ step: 'extract', name: 'shop', runId: 'monday' });
  recorder.onProgress({ step: 'extract', stream: 'users', records: 5, rejected: 0, bytes: 100 });
  time = 2000;
  recorder.onStart({ step: 'load', name: 'shop', runId: 'monday' });
  recorder.onDrift('users', { appeared: [], vanished: [{ field: 'a', type: 'string' }], changed: [] });
  time = 5000;
  const step = (name: string, durationMs: number) => ({
    step: name,
    durationMs,
    streams: { users: { records: 7, rejected: 2, bytes: 30 } },
  });
  recorder.end({ result: { steps: { extract: step('extract', 900), load: step('load', 3000) } } });
  const text = metricsText(recorder.figures, { version: '1', now: 9000, lastSuccess: 5 });
  expect(text.match(/^aries_(?:stream|step|run_(?:active|success|exit|duration)).*$/gm)).toMatchInlineSnapshot(`
    [
      "aries_run_active{name="shop",command="run"} 0",
      "aries_run_duration_seconds{name="shop",command="run"} 4",
      "aries_run_success{name="shop",command="run"} 1",
      "aries_run_exit_code{name="shop",command="run"} 0",
      "aries_step_duration_seconds{name="shop",command="run",step="extract"} 0.9",
      "aries_step_duration_seconds{name="shop",command="run",step="load"} 3",
      "aries_stream_records_total{name="shop",command="run",step="extract",stream="users"} 7",
      "aries_stream_records_total{name="shop",command="run",step="load",stream="users"} 7",
      "aries_stream_rejected_records_total{name="shop",command="run",step="extract",stream="users"} 2",
      "aries_stream_rejected_records_total{name="shop",command="run",step="load",stream="users"} 2",
      "aries_stream_bytes_total{name="shop",command="run",step="extract",stream="users"} 100",
      "aries_stream_bytes_total{name="shop",command="run",step="load",stream="users"} 30",
      "aries_stream_drift_fields{name="shop",command="run",stream="users",change="appeared"} 0",
      "aries_stream_drift_fields{name="shop",command="run",stream="users",change="vanished"} 1",
      "aries_stream_drift_fields{name="shop",command="run",stream="users",change="changed"} 0",
    ]
  `);
});

test('what the source keeps is a metric of its own for bytes and for records', () => {
  const recorder = recordRun('extract', { now: () => 1000, name: 'shop' });
  const backlog = [
    { name: 'replication slot "shop"', bytes: 4096 },
    { name: 'group orders', records: 7 },
  ];
  recorder.end({ result: { step: 'extract', streams: {}, backlog } });
  const text = metricsText(recorder.figures, { version: '1', now: 1000, lastSuccess: 1 });
  expect(text.match(/^aries_source.*$/gm)).toEqual([
    'aries_source_backlog_bytes{name="shop",command="extract",kept="replication slot \\"shop\\""} 4096',
    'aries_source_backlog_records{name="shop",command="extract",kept="group orders"} 7',
  ]);
});

test('the file exists from the start and keeps the time of the last success', async () => {
  const file = join(await temporaryFolder(), 'shop.prom');
  const run = (exitCode: number, at: number) => {
    const recorder = recordRun('extract', { now: () => at });
    const signal = openMetricsFile({ file, figures: recorder.figures, version: '1', warn() {} });
    expect(sampleOf(readFileSync(file, 'utf8'), 'aries_run_active')).toBe('1');
    if (exitCode === 0) {
      recorder.onStart({ step: 'extract', name: 'shop', runId: 'x' });
      recorder.end({ result: {} });
    } else recorder.end({ error: { exitCode, code: 'UNREACHABLE', message: 'gone' } });
    void signal.end();
    return readFileSync(file, 'utf8');
  };
  const failed = run(75, 1000);
  expect(sampleOf(failed, 'aries_run_exit_code')).toBe('75');
  expect(sampleOf(failed, 'aries_run_last_success_timestamp_seconds')).toBeUndefined();
  expect(sampleOf(run(0, 2000), 'aries_run_last_success_timestamp_seconds')).toBe('2');
  const again = run(78, 3000);
  expect(again).toContain('aries_run_success{name="shop",command="extract"} 0');
  expect(again).toContain('aries_run_last_success_timestamp_seconds{name="shop",command="extract"} 2');
  expect(readdirSync(join(file, '..'))).toEqual(['shop.prom']);
});

test('a missing folder is an error at the start, and one warning later', async () => {
  const { figures } = recordRun('extract');
  expect(() => openMetricsFile({ file: '/nowhere/at/all.prom', figures, version: '1', warn() {} })).toThrow(
    expect.objectContaining({ code: 'USAGE', message: '--metrics-file cannot be written: /nowhere/at does not exist' }),
  );
  const file = join(await temporaryFolder(), 'taken');
  const warn = vi.fn();
  // A folder is in the way.
  const signal = openMetricsFile({ file: join(file, '..'), figures, version: '1', warn });
  signal.update?.();
  void signal.end();
  expect(warn).toHaveBeenCalledTimes(1);
});
