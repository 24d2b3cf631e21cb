import type { IncomingMessage } from 'node:http';
import { errorFromBody, isJockerError } from '@jocker/protocol';
import { connectionError, type Call, type UnixSocket } from './unix-socket.ts';

/** The data of server-sent events, parsed. An event called `error` is thrown. `onBytes` hears of heartbeats too. */
export async function* sentEvents<T>(socket: UnixSocket, call: Call, onBytes?: () => void): AsyncGenerator<T> {
  const answer = await socket.send(call);
  try {
    yield* parseEvents<T>(answer, onBytes);
  } catch (error) {
    throw isJockerError(error) ? error : connectionError(error, socket.socketPath, call.signal);
  } finally {
    answer.destroy();
  }
}

async function* parseEvents<T>(answer: IncomingMessage, onBytes: (() => void) | undefined): AsyncGenerator<T> {
  answer.setEncoding('utf8');
  let rest = '';
  for await (const chunk of answer) {
    onBytes?.();
    const blocks = (rest + (chunk as string)).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      let name = 'message';
      let data = '';
      for (const line of block.split('\n')) {
        if (line.startsWith('data: ')) data += line.slice(6);
        else if (line.startsWith('event: ')) name = line.slice(7);
      }
      if (data === '') continue;
      const value = JSON.parse(data) as unknown;
      if (name === 'error') throw errorFromBody(value, 'the stream failed');
      yield value as T;
    }
  }
}
