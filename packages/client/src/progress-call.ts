import { errorFromBody, isJockerError, progressMediaType, type ProgressLine } from '@jocker/protocol';
import { connectionError, type Call, type UnixSocket } from './unix-socket.ts';

export interface ProgressOptions<Progress> {
  readonly onProgress?: ((progress: readonly Progress[]) => void) | undefined;
  /** Aborting cancels the work at the engine too. Without a signal it goes on when this client goes away. */
  readonly signal?: AbortSignal | undefined;
}

/** A call that takes long: reports while it runs, resolves with its result. */
export async function callWithProgress<Progress, Result>(
  socket: UnixSocket,
  call: Call,
  { onProgress, signal }: ProgressOptions<Progress>,
): Promise<Result> {
  const asked: Call = { ...call, signal, cancelOnDisconnect: signal !== undefined };
  if (onProgress === undefined) return socket.json<Result>(asked);
  const answer = await socket.send({ ...asked, accept: progressMediaType });
  const broken = (error: unknown): Error => connectionError(error, socket.socketPath, signal);
  if (answer.headers['content-type']?.startsWith(progressMediaType) !== true) throw broken(new Error('an answer without progress'));
  answer.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of answer) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const line = JSON.parse(text) as ProgressLine<Progress, Result>;
        if ('progress' in line) onProgress(line.progress);
        else if ('result' in line) return line.result;
        else throw errorFromBody(line.error, 'the operation failed');
      }
    }
  } catch (error) {
    throw isJockerError(error) ? error : broken(error);
  }
  throw broken(new Error('it ended without a result'));
}
