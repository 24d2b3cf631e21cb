import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJockerClient, type JockerClient } from '@jocker/client';
import { createServer, registerNativeRoutes, type JockerServer } from '@jocker/server';
import { scriptedEngine, type Script } from './scripted-engine.ts';

export interface ScriptedServer extends AsyncDisposable {
  readonly client: JockerClient;
  readonly socketPath: string;
  /** Ends all connections; `open` listens again. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** The native API over an engine that a test plays, and a client of it. */
export async function serveScript(script: Script): Promise<ScriptedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'jocker-native-'));
  const socketPath = join(directory, 'jocker.sock');
  let server: JockerServer | undefined;
  const open = async (): Promise<void> => {
    server = await createServer(scriptedEngine(script), { socketPath, routes: [registerNativeRoutes] });
  };
  await open();
  const client = createJockerClient({ socketPath, client: 'test' });
  return {
    client,
    socketPath,
    open,
    shut: async () => server?.close(),
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server?.close();
      await rm(directory, { recursive: true });
    },
  };
}
