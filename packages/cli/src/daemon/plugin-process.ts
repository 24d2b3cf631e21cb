// The program of a plugin's own process: node plugin-process.ts FILE NAME, with an IPC channel to the daemon.
import { servePlugin } from '@jocker/core';
import { importPlugin } from './import-plugin.ts';

const [file = '', name = ''] = process.argv.slice(2);
const loading = importPlugin(file, name);
loading.catch(() => undefined);
const channel = servePlugin(loading, (message) => void process.send?.(message, undefined, undefined, () => undefined));
process.on('message', (message) => channel.receive(message));
// Without its engine it has nothing to do. It does not end with the terminal's ctrl-c: the daemon ends it.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);
