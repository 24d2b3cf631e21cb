import type { ContainerView, ExecView } from '@jocker/protocol';
import * as vscode from 'vscode';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { SessionTerminal, type TerminalSession } from './session-terminal.ts';
import { rememberedShell, type ShellChoice } from './shell-choice.ts';

const openSessionsKey = 'jocker.openSessions';

interface OpenSession {
  readonly socketPath: string;
  readonly execId: string;
  readonly name: string;
}

/**
 * Terminals into containers. Which sessions were open is kept in the workspace, so that after a reload of the window the same
 * sessions come back with what they had printed.
 */
export class Terminals {
  readonly #memory: vscode.Memento;
  readonly #open = new Map<string, vscode.Terminal>();

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** True when a window before this one left sessions behind. */
  remembers(): boolean {
    return this.#memory.get<readonly OpenSession[]>(openSessionsKey, []).length > 0;
  }

  /** Starts a session and shows it. */
  async exec(connection: EngineConnection, container: ContainerView, choice: ShellChoice): Promise<void> {
    const { options, execId } = await this.execOptions(connection, container, choice);
    const terminal = vscode.window.createTerminal(options);
    await this.#remember(connection, execId, options.name, terminal);
    terminal.show();
  }

  /** The same for the New Terminal menu, where VS Code makes the terminal. */
  async execOptions(
    connection: EngineConnection,
    container: ContainerView,
    choice: ShellChoice = rememberedShell(this.#memory, container.image),
  ): Promise<{ readonly options: vscode.ExtensionTerminalOptions; readonly execId: string }> {
    const { id: execId } = await connection.client.execs.create(container.id, {
      command: choice.command,
      tty: true,
      openStdin: true,
      env: ['TERM=xterm-256color'],
      ...(choice.user === '' ? {} : { user: choice.user }),
      ...(choice.workingDir === '' ? {} : { workingDir: choice.workingDir }),
    });
    const session = execSession(connection, execId, 'start');
    return { options: this.#options(container.name, session), execId };
  }

  /** Shows a session that runs: its terminal if there is one, else a new one with the scrollback. */
  async attach(connection: EngineConnection, exec: ExecView, name: string): Promise<void> {
    const known = this.#open.get(exec.id);
    if (known !== undefined) return known.show();
    const terminal = vscode.window.createTerminal(this.#options(name, execSession(connection, exec.id, 'attach')));
    await this.#remember(connection, exec.id, name, terminal);
    terminal.show();
  }

  attachMain(connection: EngineConnection, container: ContainerView): void {
    const session: TerminalSession = {
      open: async (size) => {
        const streams = await connection.client.containers.attach(container.id, { replay: true, stdin: container.openStdin });
        if (size !== undefined && container.tty)
          await connection.client.containers.resize(container.id, { columns: size.columns, rows: size.rows });
        return streams;
      },
      resize: async (size) => {
        if (container.tty) await connection.client.containers.resize(container.id, { columns: size.columns, rows: size.rows });
      },
      exitCode: async () => connection.model.state.containers.get(container.id)?.exitCode ?? undefined,
    };
    vscode.window.createTerminal(this.#options(container.name, session, 'plug')).show();
  }

  /** After a reload: the sessions that were open and still run. */
  async restore(connection: EngineConnection): Promise<void> {
    const remembered = this.#memory.get<readonly OpenSession[]>(openSessionsKey, []);
    const alive = remembered.filter(({ socketPath, execId }) => {
      return socketPath !== connection.socketPath || connection.model.state.execs.get(execId)?.status === 'running';
    });
    await this.#memory.update(openSessionsKey, alive);
    for (const { socketPath, execId, name } of alive) {
      const exec = connection.model.state.execs.get(execId);
      if (socketPath === connection.socketPath && exec !== undefined && !this.#open.has(execId)) await this.attach(connection, exec, name);
    }
  }

  /** A terminal that the user closed is not opened again. */
  async closed(terminal: vscode.Terminal): Promise<void> {
    const execId = [...this.#open].find(([, open]) => open === terminal)?.[0];
    if (execId === undefined) return;
    this.#open.delete(execId);
    const remembered = this.#memory.get<readonly OpenSession[]>(openSessionsKey, []);
    await this.#memory.update(
      openSessionsKey,
      remembered.filter((session) => session.execId !== execId),
    );
  }

  async #remember(connection: EngineConnection, execId: string, name: string, terminal: vscode.Terminal): Promise<void> {
    this.#open.set(execId, terminal);
    const others = this.#memory.get<readonly OpenSession[]>(openSessionsKey, []).filter((session) => session.execId !== execId);
    await this.#memory.update(openSessionsKey, [...others, { socketPath: connection.socketPath, execId, name }]);
  }

  #options(name: string, session: TerminalSession, icon = 'terminal'): vscode.ExtensionTerminalOptions & { readonly name: string } {
    return {
      name,
      pty: new SessionTerminal(session),
      iconPath: new vscode.ThemeIcon(icon),
      // VS Code would bring the panel back without its session; `restore` brings back both.
      isTransient: true,
    };
  }
}

function execSession(connection: EngineConnection, execId: string, how: 'start' | 'attach'): TerminalSession {
  const { execs } = connection.client;
  return {
    open: async (size) => {
      const dimensions = size === undefined ? undefined : { columns: size.columns, rows: size.rows };
      if (how === 'start') {
        const streams = await execs.start(execId, { attach: true, ...(dimensions === undefined ? {} : { size: dimensions }) });
        if (streams === undefined) throw new Error(`session ${execId} gave no streams`);
        return streams;
      }
      const streams = await execs.attach(execId, { replay: true });
      if (dimensions !== undefined) await execs.resize(execId, dimensions);
      return streams;
    },
    resize: async ({ columns, rows }) => await execs.resize(execId, { columns, rows }),
    exitCode: async () => {
      const view = await execs.inspect(execId).catch(() => undefined);
      // What ended with its container was not at fault: no message for it.
      const container = view === undefined ? undefined : connection.model.state.containers.get(view.containerId);
      return container?.status === 'running' ? (view?.exitCode ?? undefined) : undefined;
    },
  };
}
