import { randomBytes } from 'node:crypto';
import type { ContainerDeps } from '../container/container-deps.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import { locationOf } from '../container/container-subject.ts';
import { buildExecProcess } from '../exec/build-exec-process.ts';
import type { ExecProcess } from '../runtime/runtime-backend.ts';
import { createRootfsReader } from '../spec/rootfs-reader.ts';
import type { HealthPlan } from './health-plan.ts';
import type { HealthResult } from './health-state.ts';

const outputLimitBytes = 4_096;
const sigkill = 9;
/** What a killed process's children may keep open. */
const drainMs = 1_000;

/** One check, as a process in the container; none of the exec sessions that users see. It never rejects. */
export async function runHealthCheck(deps: ContainerDeps, record: ContainerRecord, plan: HealthPlan): Promise<HealthResult> {
  const startedAt = new Date().toISOString();
  const ended = (exitCode: number, output: string): HealthResult => ({ startedAt, finishedAt: new Date().toISOString(), exitCode, output });
  try {
    const runtime = deps.drivers.runtimes.byName(record.runtime).value;
    const process = await buildExecProcess({
      base: deps.store.spec(record.id).spec.process,
      request: { command: plan.command },
      rootfs: createRootfsReader([`/proc/${record.pid}/root`]),
      hostCapabilities: deps.host.capabilities,
    });
    const request = { execId: `health-${randomBytes(8).toString('hex')}`, process, tty: false, openStdin: false };
    const check = await runtime.exec(record.id, locationOf(deps, record), request, { signal: deps.closing, log: deps.log });
    const output = collect(check);
    const exit = await withLimit(check.exited, plan.timeoutMs);
    if (exit === undefined) {
      check.kill(sigkill);
      await withLimit(check.exited, drainMs);
      output.end();
      return ended(-1, `Health check exceeded timeout (${plan.timeoutMs / 1_000}s)`);
    }
    await withLimit(output.closed, drainMs);
    output.end();
    return ended(exit.exitCode, output.text());
  } catch (error) {
    return ended(-1, error instanceof Error ? error.message : String(error));
  }
}

async function withLimit<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, limitMs, undefined);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

interface Output {
  /** Both streams have ended. */
  readonly closed: Promise<unknown>;
  text(): string;
  end(): void;
}

/** Reads on past the limit: a process whose output nobody takes would wait for ever. */
function collect({ stdout, stderr }: ExecProcess): Output {
  const chunks: Buffer[] = [];
  let length = 0;
  const streams = [stdout, stderr].filter((stream) => stream !== undefined);
  const closed = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('data', (chunk: Buffer) => {
          if (length < outputLimitBytes) chunks.push(chunk.subarray(0, outputLimitBytes - length));
          length += chunk.length;
        });
        stream
          .once('close', resolve)
          .once('end', resolve)
          .once('error', () => resolve());
        if (stream.readableEnded || stream.destroyed) resolve();
      }),
  );
  return {
    closed: Promise.all(closed),
    text: () => Buffer.concat(chunks).toString(),
    end: () => streams.forEach((stream) => stream.destroy()),
  };
}
