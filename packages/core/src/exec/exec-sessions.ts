import { randomBytes } from 'node:crypto';
import { signalNumber } from '../container/signal-number.ts';
import type { ExecApi, ExecCreateRequest, ExecView } from '../engine/engine.ts';
import { JockerError, reasonOf } from '../errors/jocker-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { ExecSubject } from '../events/lifecycle-events.ts';
import type { OciProcess } from '../oci/runtime-spec.ts';
import type { Logger } from '../operation/operation-context.ts';
import { createExecSession, type ExecSession } from './exec-session.ts';
import { assertRunning, type ExecTarget } from './exec-target.ts';

export interface ExecSessionsDeps {
  /** By name, id or prefix. Throws `not-found`. */
  target(container: string): ExecTarget;
  buildProcess(target: ExecTarget, request: ExecCreateRequest): Promise<OciProcess>;
  readonly publisher: EventPublisher;
  readonly log: Logger;
}

export interface ExecSessions extends ExecApi {
  /** With its container; what still ran has died with it. */
  removeContainer(containerId: string): void;
  /** Kills what runs: without the engine nobody would read its output. */
  close(): void;
}

/** Of each container, so that a health check every second does not fill the memory. */
const keptEnded = 50;
const sigkill = 9;

export function createExecSessions(deps: ExecSessionsDeps): ExecSessions {
  const sessions = new Map<string, ExecSession>();
  const never = new AbortController().signal;

  const find = (execId: string): ExecSession => {
    const session = sessions.get(execId);
    if (session === undefined) throw new JockerError('not-found', `there is no exec ${execId}`, { details: { reason: 'no-such-exec' } });
    return session;
  };
  const ofContainer = (containerId: string): ExecSession[] =>
    [...sessions.values()].filter((session) => session.containerId === containerId);
  const forgetOldest = (containerId: string): void => {
    const ended = ofContainer(containerId).filter(({ view }) => view.status === 'exited');
    for (const session of ended.slice(0, -keptEnded)) sessions.delete(session.id);
  };

  return {
    async create(container, request) {
      const target = deps.target(container);
      assertRunning(target);
      if (request.command[0] === undefined || request.command[0] === '') {
        throw new JockerError('invalid-argument', 'no exec command was given');
      }
      const { containerId } = target.subject;
      const id = randomBytes(32).toString('hex');
      const subject: ExecSubject = { ...target.subject, execId: id, command: request.command };
      const session = createExecSession({
        id,
        containerId,
        request,
        workingDir: request.workingDir ?? target.process.cwd,
        onDetach: () => void deps.publisher.publish('exec:detached', subject),
        onExit: (exit) => void deps.publisher.publish('exec:exited', { ...subject, ...exit }),
      });
      forgetOldest(containerId);
      sessions.set(id, session);
      deps.publisher.publish('exec:created', { ...subject, view: session.view });
      return { id };
    },
    async start(execId, options) {
      const session = find(execId);
      const target = deps.target(session.containerId);
      assertRunning(target);
      if (!session.claim()) throw new JockerError('failed-precondition', `exec ${execId} has already run`);
      if (options.size !== undefined) session.resize(options.size);
      const { request } = session;
      try {
        const process = await deps.buildProcess(target, request);
        const started = await target.runtime.exec(
          session.containerId,
          target.location,
          {
            execId,
            process,
            tty: request.tty ?? false,
            openStdin: request.openStdin ?? false,
            ...(session.view.size === null ? {} : { size: session.view.size }),
          },
          { signal: options.signal ?? never, log: deps.log },
        );
        // Output begins in a later turn of the loop: whoever attaches in this one misses nothing.
        session.run(started);
        deps.publisher.publish('exec:started', { ...target.subject, execId, command: request.command, pid: started.pid });
      } catch (error) {
        session.finish(exitCodeOf(error));
        throw error;
      }
      return options.attach ? session.attach(false) : undefined;
    },
    async attach(execId, options) {
      const session = find(execId);
      if (session.view.status === 'created') throw new JockerError('failed-precondition', `exec ${execId} has not been started`);
      return session.attach(options?.replay ?? false);
    },
    resize: async (execId, size) => find(execId).resize(size),
    kill: async (execId, signal) => find(execId).kill(signalNumber(signal)),
    inspect: async (execId) => find(execId).view,
    async list(container) {
      const all = container === undefined ? [...sessions.values()] : ofContainer(deps.target(container).subject.containerId);
      return all.map(({ view }): ExecView => view);
    },
    async wait(execId, options) {
      const { exited } = find(execId);
      const { signal } = options ?? {};
      if (signal === undefined) return await exited;
      signal.throwIfAborted();
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await Promise.race([exited, aborted]);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    removeContainer(containerId) {
      for (const session of ofContainer(containerId)) sessions.delete(session.id);
    },
    close() {
      for (const session of sessions.values()) if (session.view.status === 'running') session.kill(sigkill);
    },
  };
}

/** As a shell says it; 128 when it is not about the command. */
function exitCodeOf(error: unknown): number {
  const reason = reasonOf(error);
  return reason === 'command-not-found' ? 127 : reason === 'command-not-executable' ? 126 : 128;
}
