import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLog } from '@jocker/core';
import { crunCommandLine } from '../crun/crun.ts';
import { createBusyboxHarness } from '../oci-cli/busybox-harness.ts';

const silent = (): void => undefined;
const context = { signal: new AbortController().signal, log: { debug: silent, info: silent, warn: silent, error: silent } };

test('ten megabytes of arbitrary bytes come out of the log as they went in', async () => {
  const harness = await createBusyboxHarness(crunCommandLine);
  const backend = harness.createBackend();
  const id = randomBytes(32).toString('hex');
  try {
    const data = randomBytes(10 << 20);
    await writeFile(join(harness.directory, 'image/etc/data'), data);
    const bundle = await harness.bundle(id, { args: ['cat', '/etc/data'] });
    await backend.create(id, bundle, context);
    await backend.start(id, bundle, context);
    await backend.exit(id, bundle, context);
    const chunks: Buffer[] = [];
    for await (const entry of readLog({ containerId: id, path: bundle.logPath ?? '' })) chunks.push(entry.data);
    await backend.delete(id, bundle, { force: true }, context);
    expect(Buffer.concat(chunks).equals(data)).toBe(true);
  } finally {
    await backend[Symbol.asyncDispose]?.();
    await harness.close();
  }
});
