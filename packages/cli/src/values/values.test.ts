import { describe, expect, test } from 'vitest';
import type { ContainerView } from '@jocker/protocol';
import { absoluteReference } from './absolute-reference.ts';
import { parseContainerFilters } from './container-filters.ts';
import { parsePorts } from './parse-ports.ts';
import { parseEnvironment, parseLabels } from './parse-key-values.ts';
import { parseTmpfs, parseVolume } from './parse-mounts.ts';
import { parseCpus } from './parse-number.ts';
import { parseSize } from './parse-size.ts';
import { parseTime } from './parse-time.ts';

test.each([
  ['64m', 64 * 2 ** 20],
  ['1.5g', 1.5 * 2 ** 30],
  ['1024', 1024],
  ['2K', 2048],
  ['3MiB', 3 * 2 ** 20],
  ['5b', 5],
])('the size %s is %i bytes', (text, bytes) => {
  expect(parseSize('--memory', text)).toBe(bytes);
});

test.each(['', 'm', '-1m', '1x', '1 mm'])('%j is no size', (text) => {
  expect(() => parseSize('--memory', text)).toThrow(`--memory ${text} is not a size`);
});

test('CPUs are counted in billionths, and none of them is refused', () => {
  expect(parseCpus('--cpus', '0.5')).toBe(500_000_000);
  expect(() => parseCpus('--cpus', '0')).toThrow('--cpus 0');
});

describe('a volume', () => {
  test('is a source, a target and options; a relative source is meant from here', () => {
    expect(parseVolume('./a:/b', '/here')).toEqual({ type: 'bind', source: '/here/a', target: '/b', createSource: true });
    expect(parseVolume('/a:/b:ro,rslave', '/here')).toEqual({
      type: 'bind',
      source: '/a',
      target: '/b',
      createSource: true,
      readonly: true,
      propagation: 'rslave',
    });
  });

  test('is a named one without a path as its source, and one of its own without any', () => {
    expect(parseVolume('data:/b:ro,nocopy', '/here')).toEqual({
      type: 'volume',
      source: 'data',
      target: '/b',
      readonly: true,
      noCopy: true,
    });
    expect(parseVolume('/b', '/here')).toEqual({ type: 'volume', target: '/b' });
  });

  test.each(['b', ':/b', '/a:b', '/a:/b:ro:x', '/a:/b:fast', 'data:/b:fast'])('%s is none', (text) => {
    expect(() => parseVolume(text, '/here')).toThrow(`-v ${text}`);
  });
});

test('a tmpfs has a size, a mode and whatever else the kernel takes', () => {
  expect(parseTmpfs('/run')).toEqual({ type: 'tmpfs', target: '/run' });
  expect(parseTmpfs('/run:rw,size=64k,mode=1777,noexec')).toEqual({
    type: 'tmpfs',
    target: '/run',
    sizeBytes: 65536,
    mode: 0o1777,
    options: ['noexec'],
  });
  expect(() => parseTmpfs('run')).toThrow('--tmpfs run');
});

test.each([
  ['rootfs:./a.tar', 'rootfs:/here/a.tar'],
  ['oci:layout', 'oci:/here/layout'],
  ['docker-archive:../a.tar', 'docker-archive:/a.tar'],
  ['rootfs:https://host/a.tar', 'rootfs:https://host/a.tar'],
  ['oci:/layout', 'oci:/layout'],
  ['host:busybox', 'host:busybox'],
  ['localhost:5000/a:b', 'localhost:5000/a:b'],
])('the reference %s is %s for the daemon', (reference, absolute) => {
  expect(absoluteReference(reference, '/here')).toBe(absolute);
});

test('labels and variables are split at the first equals sign', async () => {
  expect(parseLabels(['a=b=c', 'bare'])).toEqual({ a: 'b=c', bare: '' });
  expect(await parseEnvironment(['A=b=c', 'HERE', 'NOT_HERE', 'EMPTY='], [], { HERE: 'x' })).toEqual(['A=b=c', 'HERE=x', 'EMPTY=']);
});

test.each([
  ['10m', 400_000],
  ['1m30s', 910_000],
  ['999.5', 999_500],
  ['1970-01-01T00:00:01Z', 1000],
])('the time %s is %i ms after 1970, at 1000 seconds', (text, ms) => {
  expect(parseTime('--since', text, 1_000_000).getTime()).toBe(ms);
});

test('a time that is none is refused by its flag', () => {
  expect(() => parseTime('--since', 'yesterday-ish')).toThrow('--since yesterday-ish');
});

test('filters of one key widen, of several keys narrow, and labels always narrow', () => {
  const view = (name: string, more: Partial<ContainerView>): ContainerView =>
    ({
      name,
      id: `${name}0`,
      image: 'docker.io/library/a:latest',
      imageId: 'sha256:ff',
      status: 'running',
      exitCode: null,
      labels: {},
      network: 'bridge',
      networks: [],
      ...more,
    }) as ContainerView;
  const views = [
    view('web', { labels: { a: '1', b: '2' } }),
    view('db', { labels: { a: '1' } }),
    view('old', {
      status: 'exited',
      exitCode: 3,
      network: 'front',
      networks: [{ networkId: 'abc', network: 'front', driver: 'bridge', aliases: [] }],
    }),
  ];
  const names = (...filters: string[]): string[] => views.filter(parseContainerFilters(filters)).map(({ name }) => name);
  expect(names('name=web', 'name=db')).toEqual(['web', 'db']);
  expect(names('label=a', 'label=b=2')).toEqual(['web']);
  expect(names('name=o', 'status=exited')).toEqual(['old']);
  expect(names('exited=3')).toEqual(['old']);
  expect(names('network=bridge')).toEqual(['web', 'db']);
  expect(names('network=ab')).toEqual(['old']);
  expect(names('ancestor=a')).toEqual(['web', 'db', 'old']);
  expect(() => names('colour=red')).toThrow('colour=red');
});

describe('a port to publish', () => {
  const tcp = (containerPort: number, more: object = {}): object => ({ protocol: 'tcp', containerPort, ...more });
  const at = (from: number, to = from): object => ({ hostPorts: { from, to } });
  test.each<[string, readonly object[]]>([
    ['80', [tcp(80)]],
    ['8080:80', [tcp(80, at(8080))]],
    ['127.0.0.1:8080:80/udp', [{ protocol: 'udp', containerPort: 80, hostAddress: '127.0.0.1', ...at(8080) }]],
    ['0.0.0.0::80', [tcp(80, { hostAddress: '0.0.0.0' })]],
    ['8000-8010:80', [tcp(80, at(8000, 8010))]],
    ['8000-8001:80-81', [tcp(80, at(8000)), tcp(81, at(8001))]],
  ])('%s', (text, expected) => {
    expect(parsePorts(text)).toEqual(expected);
  });

  test.each(['', 'http', '80:', '80/sctp', '1-2:80-83', '81-80', '[::1]:80:80', 'localhost:80:80'])(
    '"%s" is refused by its flag',
    (text) => {
      expect(() => parsePorts(text)).toThrow(`--publish ${text}`);
    },
  );
});
