import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { JockerError, type ProcessStreams, type TerminalSize } from '@jocker/core';
import {
  bodyOfError,
  encodeFrame,
  encodeJsonFrame,
  frameMediaType,
  FrameDecoder,
  frameType,
  jsonOfFrame,
  streamProtocol,
} from '@jocker/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hijack } from '../http/hijack.ts';
import { connectionOf } from '../http/upgraded-requests.ts';

export interface AttachedProcess {
  readonly streams: ProcessStreams;
  /** Awaited once the output has ended. */
  readonly exited: () => Promise<{ readonly exitCode: number }>;
  readonly resize: (size: TerminalSize) => Promise<void>;
}

/** Refuses a request that did not ask for the framed stream, before anything is started for it. */
export function requireStream(request: FastifyRequest): void {
  if (connectionOf(request.raw) !== undefined && request.headers.upgrade === streamProtocol) return;
  throw new JockerError('invalid-argument', `this call answers with a stream: send Connection: Upgrade and Upgrade: ${streamProtocol}`);
}

/** Joins a process and a client by frames until the process has ended or the client has left, which never stops the process. */
export async function serveProcess(request: FastifyRequest, reply: FastifyReply, process: AttachedProcess): Promise<void> {
  const { socket } = hijack(request, reply, { contentType: frameMediaType });
  const { streams } = process;
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort();
    void streams[Symbol.asyncDispose]();
  };
  socket.once('error', leave).once('close', leave);
  takeInput(socket, process).then(leave, leave);
  try {
    for await (const { stream, data } of streams.output) {
      const written = socket.write(encodeFrame(stream === 'stdout' ? frameType.stdout : frameType.stderr, data));
      if (!written) await once(socket, 'drain', { signal: gone.signal });
    }
    if (!gone.signal.aborted) socket.write(encodeJsonFrame(frameType.exit, await process.exited()));
  } catch (error) {
    if (!gone.signal.aborted) socket.write(encodeJsonFrame(frameType.error, bodyOfError(error)));
  }
  // Not destroyed: a client that still writes would get EPIPE, and with it lose what it has not read. It closes, then so do we.
  socket.end();
}

/** Resolves when the client has left. Its end of the connection is not the end of stdin: that has a frame of its own. */
async function takeInput(socket: Duplex, { streams: { stdin }, resize }: AttachedProcess): Promise<void> {
  const decoder = new FrameDecoder();
  // A process that has closed its stdin is no error of the client's.
  stdin?.on('error', () => undefined);
  for await (const bytes of socket) {
    for (const frame of decoder.push(bytes as Uint8Array)) {
      if (frame.type === frameType.stdin && stdin?.writable === true) {
        if (!stdin.write(frame.payload)) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')]);
      } else if (frame.type === frameType.stdinEnd) stdin?.end();
      else if (frame.type === frameType.resize) await resize(sizeOf(jsonOfFrame(frame))).catch(() => undefined);
    }
  }
}

function sizeOf(value: unknown): TerminalSize {
  const { columns, rows } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<keyof TerminalSize, unknown>>;
  const valid = (cells: unknown): cells is number => Number.isInteger(cells) && (cells as number) >= 0 && (cells as number) <= 65535;
  if (!valid(columns) || !valid(rows)) throw new JockerError('invalid-argument', 'a terminal size has columns and rows from 0 to 65535');
  return { columns, rows };
}
