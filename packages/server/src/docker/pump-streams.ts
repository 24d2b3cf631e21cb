import type { Duplex, Writable } from 'node:stream';
import { once } from 'node:events';
import type { ProcessStreams } from '@jocker/core';
import { frameOutput } from './stream-frames.ts';

export interface PumpOptions {
  /** A terminal's input has no end: a client that only detaches closes its half of the connection too. */
  readonly tty: boolean;
  /** With Docker's frames around the output. */
  readonly framed: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Typed in this order they end the session without ending the process; empty: none. */
  readonly detachKeys: Buffer;
}

/**
 * Joins a client's connection and a process until the output ends or the client goes. The client's half-close is the
 * process's end of input. Resolves with how it ended; the streams are closed, the connection is ended.
 */
export async function pumpStreams(
  connection: Duplex,
  streams: ProcessStreams,
  options: PumpOptions,
): Promise<'ended' | 'detached' | 'left'> {
  let outcome: 'ended' | 'detached' | 'left' = 'ended';
  const leave = (how: 'detached' | 'left'): void => {
    if (outcome !== 'ended') return;
    outcome = how;
    void streams[Symbol.asyncDispose]();
  };
  connection.on('error', () => leave('left'));
  connection.once('close', () => leave('left'));
  if (options.stdin && streams.stdin !== undefined) takeInput(connection, streams.stdin, options, () => leave('detached'));
  // Without a reader the end of the connection would not be noticed.
  else connection.resume();
  try {
    for await (const chunk of streams.output) {
      if (!options[chunk.stream] || connection.destroyed) continue;
      if (!connection.write(frameOutput(chunk, !options.framed)) && !connection.destroyed) await drained(connection);
    }
  } finally {
    await streams[Symbol.asyncDispose]();
    if (!connection.destroyed) connection.end();
  }
  return outcome;
}

async function drained(connection: Writable): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([once(connection, 'drain', { signal: done.signal }), once(connection, 'close', { signal: done.signal })]);
  } catch {
    // It broke: its end is handled where it is listened for.
  } finally {
    done.abort();
  }
}

function takeInput(connection: Duplex, stdin: Writable, { tty, detachKeys }: PumpOptions, detach: () => void): void {
  let matched = 0;
  stdin.on('error', () => connection.resume());
  stdin.on('drain', () => connection.resume());
  connection.on('data', (chunk: Buffer) => {
    let data = chunk;
    if (detachKeys.length > 0) {
      // Keys that may begin the sequence are held back until it is clear that they do not.
      const kept: number[] = [];
      for (const byte of chunk) {
        if (byte === detachKeys[matched]) {
          matched += 1;
          if (matched === detachKeys.length) {
            if (kept.length > 0) stdin.write(Buffer.from(kept));
            return detach();
          }
        } else {
          kept.push(...detachKeys.subarray(0, matched));
          matched = byte === detachKeys[0] ? 1 : 0;
          if (matched === 0) kept.push(byte);
        }
      }
      data = Buffer.from(kept);
    }
    if (data.length > 0 && !stdin.writableEnded && !stdin.destroyed && !stdin.write(data)) connection.pause();
  });
  connection.once('end', () => {
    if (!tty && !stdin.writableEnded && !stdin.destroyed) stdin.end();
  });
}
