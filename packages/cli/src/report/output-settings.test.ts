import { expect, test } from 'vitest';
import { outputSettings } from './output-settings.ts';

const people = { stdout: true, stderr: true };
const machine = { stdout: false, stderr: false };

test('people get text and bars, machines get JSON', () => {
  expect(outputSettings(['extract'], {}, people)).toEqual({
    json: false,
    logLevel: 'info',
    logFormat: 'pretty',
    bars: true,
    resultFile: undefined,
    metricsFile: undefined,
    name: undefined,
    follow: false,
  });
  expect(outputSettings(['extract'], {}, machine)).toEqual({
    json: true,
    logLevel: 'info',
    logFormat: 'json',
    bars: false,
    resultFile: undefined,
    metricsFile: undefined,
    name: undefined,
    follow: false,
  });
  expect(outputSettings(['extract'], {}, { stdout: false, stderr: true })).toMatchObject({
    json: true,
    logFormat: 'pretty',
    bars: true,
  });
});

test('flags are read from raw arguments, then from variables', () => {
  expect(
    outputSettings(['x', '--json', '--log-level', 'debug', '--log-format=json', '--result-file=r.json'], {}, people),
  ).toEqual({
    json: true,
    logLevel: 'debug',
    logFormat: 'json',
    bars: false,
    resultFile: 'r.json',
    metricsFile: undefined,
    name: undefined,
    follow: false,
  });
  expect(
    outputSettings([], { ARIES_JSON: 'true', ARIES_LOG_LEVEL: 'error', ARIES_RESULT_FILE: 'e.json' }, people),
  ).toMatchObject({ json: true, logLevel: 'error', resultFile: 'e.json' });
  expect(outputSettings(['--metrics-file=m.prom', '--name', 'shop'], {}, people)).toMatchObject({
    metricsFile: 'm.prom',
    name: 'shop',
    follow: false,
  });
  expect(outputSettings([], { ARIES_LOG_FORMAT: 'pretty', ARIES_METRICS_FILE: 'e.prom' }, machine)).toMatchObject({
    logFormat: 'pretty',
    bars: false,
    metricsFile: 'e.prom',
  });
  expect(outputSettings(['--log-level', 'warn'], { ARIES_LOG_LEVEL: 'error' }, people).logLevel).toBe('warn');
});

test('wrong values and arguments after -- are ignored', () => {
  expect(outputSettings(['--log-level', 'loud', '--log-format', 'xml', '--', '--json'], {}, people)).toMatchObject({
    json: false,
    logLevel: 'info',
    logFormat: 'pretty',
  });
});

test('runs that follow each other draw no bars', () => {
  expect(outputSettings(['run', 'p.yaml', '--follow'], {}, people)).toMatchObject({ follow: true, bars: false });
  expect(outputSettings(['run', 'p.yaml'], { ARIES_FOLLOW: 'true' }, people)).toMatchObject({
    follow: true,
    bars: false,
  });
});
