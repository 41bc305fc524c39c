import type { PipelineResult } from '@aries-data/engine';
import { AriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { metricsText } from '../report/metrics-text.ts';
import { recordRun } from '../report/run-figures.ts';

function loaded(records: number, more: object = {}) {
  const step = (name: string, streams: object) => ({ step: name, durationMs: 1, streams });
  const streams = { users: { records, rejected: 0, bytes: 10, ...more } };
  const steps = {
    extract: step('extract', { users: { records, rejected: 1, bytes: 10 } }),
    load: step('load', streams),
  };
  return { runId: 'r', outcome: 'loaded', result: { ...steps.load, steps } as unknown as PipelineResult } as const;
}

const NO_DRIFT = { appeared: [], vanished: [], changed: [] };
const DRIFT = { appeared: [{ field: 'a', type: 'string' }], vanished: [], changed: [] };

test('runs are counted by outcome, and what loads commit over all runs', () => {
  let time = 0;
  const recorder = recordRun('run', { name: 'shop', now: () => time });
  const followed = recorder.follow(10);
  const progress = (records: number) =>
    recorder.onProgress({ step: 'extract', stream: 'users', records, rejected: 0, bytes: records });
  progress(3);
  time = 2000;
  recorder.onDrift('users', DRIFT);
  recorder.onRun(loaded(3, { deleted: 2, drift: DRIFT }));
  progress(4);
  recorder.onRun({ runId: 'r', outcome: 'failed', error: new AriesError('UNREACHABLE', 'gone') });
  recorder.onRun({ runId: 'r', outcome: 'failed', error: new AriesError('UNREACHABLE', 'gone') });
  recorder.onRun(loaded(0));
  recorder.onRun({ runId: 'r', outcome: 'nothing' });
  recorder.onRun({ runId: 'r', outcome: 'failed', error: new AriesError('UNREACHABLE', 'gone') });
  recorder.onDrift('users', NO_DRIFT);
  recorder.onRun(loaded(5));
  recorder.onRun({ runId: 'r', outcome: 'failed', error: new AriesError('UNREACHABLE', 'gone') });
  expect(followed.runs).toEqual({ loaded: 3, nothing: 1, failed: 4 });
  const text = metricsText(recorder.figures, { version: '1', now: 5000, lastSuccess: 2 });
  expect(text.match(/^aries_(?:follow|stream).*$/gm)).toMatchInlineSnapshot(`
    [
      "aries_stream_records_total{name="shop",command="run",step="extract",stream="users"} 12",
      "aries_stream_records_total{name="shop",command="run",step="load",stream="users"} 8",
      "aries_stream_rejected_records_total{name="shop",command="run",step="extract",stream="users"} 3",
      "aries_stream_rejected_records_total{name="shop",command="run",step="load",stream="users"} 0",
      "aries_stream_bytes_total{name="shop",command="run",step="extract",stream="users"} 34",
      "aries_stream_bytes_total{name="shop",command="run",step="load",stream="users"} 30",
      "aries_stream_drift_fields{name="shop",command="run",stream="users",change="appeared"} 0",
      "aries_stream_drift_fields{name="shop",command="run",stream="users",change="vanished"} 0",
      "aries_stream_drift_fields{name="shop",command="run",stream="users",change="changed"} 0",
      "aries_follow_runs_total{name="shop",command="run",outcome="loaded"} 3",
      "aries_follow_runs_total{name="shop",command="run",outcome="nothing"} 1",
      "aries_follow_runs_total{name="shop",command="run",outcome="failed"} 4",
      "aries_follow_consecutive_failures{name="shop",command="run"} 1",
      "aries_follow_seconds_since_success{name="shop",command="run"} 3",
      "aries_follow_records_total{name="shop",command="run"} 8",
      "aries_follow_rejected_records_total{name="shop",command="run"} 3",
      "aries_follow_deleted_records_total{name="shop",command="run"} 2",
      "aries_follow_stream_records_total{name="shop",command="run",stream="users"} 8",
      "aries_follow_stream_rejected_records_total{name="shop",command="run",stream="users"} 3",
      "aries_follow_stream_deleted_records_total{name="shop",command="run",stream="users"} 2",
      "aries_follow_stream_drift_fields_total{name="shop",command="run",stream="users",change="appeared"} 1",
      "aries_follow_stream_drift_fields_total{name="shop",command="run",stream="users",change="vanished"} 0",
      "aries_follow_stream_drift_fields_total{name="shop",command="run",stream="users",change="changed"} 0",
    ]
  `);
});
