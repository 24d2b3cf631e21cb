import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeNetworkDriver } from '@jocker/core/testing';
import { execa } from 'execa';
import { openNetworkNamespace } from '../network-namespace.ts';
import { createBridgeDriver } from './bridge-driver.ts';
import { openLinks } from './links.ts';

describeNetworkDriver('bridge', async () => {
  const engineId = randomBytes(6).toString('hex');
  const runDirectory = await mkdtemp(join(tmpdir(), 'jocker-networks-'));
  const silent = (): undefined => undefined;
  const driver = createBridgeDriver({ engineId, runDirectory, log: { debug: silent, info: silent, warn: silent, error: silent } });
  return {
    driver,
    openNamespace: openNetworkNamespace,
    async traces() {
      using links = openLinks();
      const { stdout } = await execa('nft', ['list', 'tables']);
      const servers = await readdir(join(runDirectory, 'dns')).catch(() => []);
      return [
        ...links.list().flatMap(({ name, alias }) => (alias.startsWith(`jocker:${engineId}`) ? [name] : [])),
        ...stdout.split('\n').filter((line) => line.includes(engineId)),
        ...servers,
      ];
    },
    async close() {
      await driver.restore([], { signal: new AbortController().signal, log: { debug: silent, info: silent, warn: silent, error: silent } });
      await driver.close();
      await rm(runDirectory, { recursive: true, force: true });
    },
  };
});
