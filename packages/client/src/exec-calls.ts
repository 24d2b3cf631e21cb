import type { ExecCreateRequest, ExecView, TerminalSize } from '@jocker/protocol';
import { createProcessSession, type ProcessSession } from './process-session.ts';
import { pathOf, type UnixSocket } from './unix-socket.ts';

/** Exec sessions are objects of the engine: they outlive this client. */
export interface ExecCalls {
  create(containerId: string, request: ExecCreateRequest): Promise<{ readonly id: string }>;
  /** Runs it; attached from its first byte. */
  start(execId: string, options: { readonly attach: true; readonly size?: TerminalSize }): Promise<ProcessSession>;
  /** Runs it; what it writes goes to the session's scrollback. */
  start(execId: string, options: { readonly attach: false; readonly size?: TerminalSize }): Promise<undefined>;
  /** To one that runs; `replay` first gives its scrollback. */
  attach(execId: string, options?: { readonly replay?: boolean; readonly signal?: AbortSignal }): Promise<ProcessSession>;
  resize(execId: string, size: TerminalSize): Promise<void>;
  kill(execId: string, signal: string | number): Promise<void>;
  inspect(execId: string): Promise<ExecView>;
  list(containerId?: string): Promise<readonly ExecView[]>;
  wait(execId: string, options?: { readonly signal?: AbortSignal }): Promise<{ readonly exitCode: number }>;
}

export function createExecCalls(socket: UnixSocket): ExecCalls {
  const post = <T>(id: string, verb: string, json: unknown, signal?: AbortSignal): Promise<T> =>
    socket.json<T>({ method: 'POST', path: pathOf('execs', id, verb), json, signal });
  const runAttached = async (id: string, json: object): Promise<ProcessSession> =>
    createProcessSession(await socket.upgrade({ method: 'POST', path: pathOf('execs', id, 'start'), json }));

  function start(id: string, options: { readonly attach: true; readonly size?: TerminalSize }): Promise<ProcessSession>;
  function start(id: string, options: { readonly attach: false; readonly size?: TerminalSize }): Promise<undefined>;
  function start(
    id: string,
    { attach, ...json }: { readonly attach: boolean; readonly size?: TerminalSize },
  ): Promise<ProcessSession | undefined> {
    return attach ? runAttached(id, json) : post(id, 'start-detached', json);
  }

  return {
    create: (containerId, request) => socket.json({ method: 'POST', path: pathOf('containers', containerId, 'execs'), json: request }),
    start,
    attach: async (id, { replay, signal } = {}) =>
      createProcessSession(await socket.upgrade({ method: 'POST', path: pathOf('execs', id, 'attach'), query: { replay }, signal })),
    resize: (id, size) => post(id, 'resize', size),
    kill: (id, signal) => post(id, 'kill', { signal }),
    inspect: (id) => socket.json({ method: 'GET', path: pathOf('execs', id) }),
    list: (container) => socket.json({ method: 'GET', path: '/execs', query: { container } }),
    wait: (id, { signal } = {}) => post(id, 'wait', {}, signal),
  };
}
