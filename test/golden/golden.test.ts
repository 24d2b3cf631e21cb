import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { compareRecordings, type Difference } from './compare-recordings.ts';
import { converse } from './conversation.ts';
import { explanations } from './explanations.ts';
import type { Recording } from './step.ts';

const file = new URL('dockerd-20.10.json', import.meta.url);
const recorder = process.env['RECORD_DOCKERD'];

/** `RECORD_DOCKERD=/path/of/dockerd.sock vitest run test/golden` records first; that dockerd must be empty. */
async function answersOfDockerd(): Promise<Readonly<Record<string, Recording>>> {
  if (recorder !== undefined) await writeFile(file, `${JSON.stringify(await converse(recorder), undefined, 1)}\n`);
  return JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, Recording>>;
}

describe("answers compared with dockerd's", () => {
  let daemon: TestDaemon;
  let theirs: Readonly<Record<string, Recording>>;
  let differences: readonly Difference[];
  beforeAll(async () => {
    theirs = await answersOfDockerd();
    daemon = await startDaemon();
    differences = compareRecordings(theirs, await converse(daemon.socketPath));
  }, 120_000);
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });

  test('there are more than 120 of them', () => {
    expect(Object.values(theirs).flatMap((recording) => Object.keys(recording)).length).toBeGreaterThan(120);
  });

  test('each difference is explained', () => {
    const unexplained = differences.filter((difference) => !explanations.some((explanation) => explanation.covers(difference)));
    expect(unexplained.map(({ request, field, docker, jocker }) => `${request} » ${field}: dockerd ${docker}, jocker ${jocker}`)).toEqual(
      [],
    );
  });

  test('each explanation has a difference', () => {
    const idle = explanations.filter(
      ({ covers, hostDependent }) => !hostDependent && !differences.some((difference) => covers(difference)),
    );
    expect(idle.map(({ reason }) => reason)).toEqual([]);
  });
});
