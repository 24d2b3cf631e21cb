import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { Workbench } from './workbench.ts';

const image = 'host:busybox';
let directory: string;
let daemon: TestDaemon;
let registry: TestRegistry;
let workbench: Workbench;

const settings = (socketPath: string): Record<string, unknown> => ({
  'jocker.socket': socketPath,
  'jocker.startCommand': ['true'],
  'workbench.startupEditor': 'none',
  'workbench.colorTheme': 'Default Light Modern',
  'telemetry.telemetryLevel': 'off',
  'terminal.integrated.gpuAcceleration': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-workbench-'));
  registry = await startRegistry();
  daemon = await startDaemon();
  await daemon.print(['pull', '-q', image]);
  await daemon.print(['tag', image, `${registry.host}/app:1`]);
  await daemon.print(['push', `${registry.host}/app:1`]);
  await daemon.print(['rmi', `${registry.host}/app:1`]);
  workbench = await Workbench.open({ directory, settings: settings(join(directory, 'nobody.sock')) });
}, 180_000);

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench.screenshot('failed');
});

afterAll(async () => {
  await workbench?.[Symbol.asyncDispose]();
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('a session in the real workbench', () => {
  test('begins with one sentence and one button when no engine answers', async () => {
    await workbench.openView();
    await workbench.page.getByText('No engine answers on the socket.').waitFor();
    await workbench.page.getByRole('button', { name: 'Start the Engine' }).waitFor();
    await workbench.screenshot('no-engine');
  });

  test('shows an empty view with a button once the engine is there', async () => {
    await workbench.command('Jocker: Choose a Socket');
    await workbench.answer('Path of the socket', daemon.socketPath);
    await workbench.page.getByText('There are no containers.').waitFor();
    await workbench.screenshot('empty');
  });

  test('pulls an image from a registry', async () => {
    await workbench.command('Jocker: Pull an Image');
    await workbench.answer('Image to pull', `${registry.host}/app:1`);
    await workbench.row(new RegExp(`^Image ${registry.host}/app:1`)).waitFor();
    await workbench.screenshot('pulled');
  });

  test('runs a container by the form, and its row appears', async () => {
    await workbench.command('Jocker: Run a Container');
    await workbench.answer('(1/6)', image);
    await workbench.answer('(2/6)', 'sh -c "trap exit TERM; while true; do date; sleep 1; done"');
    await workbench.answer('(3/6)', 'GREETING=hello');
    await workbench.answer('(4/6)', '');
    await workbench.answer('(5/6)', 'memory=64m');
    await workbench.answer('(6/6)', 'web');
    await workbench.row(/^Container web, host:busybox · running/).waitFor();
    await workbench.screenshot('running');
  });

  test('opens a terminal in it that computes', async () => {
    await workbench.menu(workbench.row(/^Container web/), 'Open a Terminal');
    await workbench.type('echo "$GREETING $((6*7))"');
    await workbench.terminalShows('hello 42');
    await workbench.screenshot('terminal');
  });

  test('tells the terminal its size', async () => {
    await workbench.page.setViewportSize({ width: 1000, height: 700 });
    await workbench.type('stty size');
    await workbench.terminalShows(/\d+ \d+/);
    await workbench.page.setViewportSize({ width: 1280, height: 1100 });
  });

  test('has the same session with its scrollback after the window was reloaded', async () => {
    await workbench.type('here=still; echo "set $((40+3))"');
    await workbench.terminalShows('set 43');
    await workbench.reload();
    await workbench.terminalShows('hello 42');
    await workbench.type('echo "$here there"');
    await workbench.terminalShows('still there');
    await workbench.screenshot('reloaded');
  });

  test('lists the session under its container', async () => {
    await workbench.openView();
    const row = workbench.row(/^Container web/);
    await row.click();
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.row('Sessions').click();
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.row(/^Session .*running/).waitFor();
    await workbench.screenshot('sessions');
  });

  test('keeps the selection when the container is stopped and started', async () => {
    const row = workbench.row(/^Container web/);
    await row.click();
    await workbench.page.keyboard.press('s');
    await workbench.row(/^Container web, host:busybox · exited/).waitFor();
    expect(await workbench.row(/^Container web/).getAttribute('aria-selected')).toBe('true');
    // The panel of the session that ended with it may have taken the focus along.
    await row.click();
    await workbench.page.keyboard.press('s');
    await workbench.row(/^Container web, host:busybox · running/).waitFor();
    expect(await workbench.row(/^Container web/).getAttribute('aria-selected')).toBe('true');
  });

  test('follows the log when another container takes the name', async () => {
    await workbench.menu(workbench.row(/^Container web/), 'Show Logs');
    await workbench.terminalShows(/20\d\d/);
    await daemon.print(['rm', '-f', 'web']);
    await daemon.print(['run', '-d', '--name', 'web', image, 'sh', '-c', 'echo the second one; exec sleep 1000']);
    await workbench.terminalShows('the second one');
    // The new one was not made by this workspace; the old one's row is gone.
    await workbench.row('Group Elsewhere').waitFor();
    await workbench.row('Group This workspace').waitFor({ state: 'detached' });
    await workbench.row(/^Container web, host:busybox · running/).waitFor();
    await workbench.screenshot('logs');
  });

  test('edits a file in the container', async () => {
    await daemon.print(['exec', 'web', 'sh', '-c', 'echo before > /tmp/note.txt']);
    const row = workbench.row(/^Container web/);
    await row.click();
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.row('Files').click();
    await workbench.page.keyboard.press('ArrowRight');
    const folder = workbench.row('Folder /tmp');
    await folder.scrollIntoViewIfNeeded();
    await folder.click();
    await workbench.row('File /tmp/note.txt').click();
    const editor = workbench.page.locator('.editor-instance .view-lines').first();
    await editor.filter({ hasText: 'before' }).waitFor();
    await editor.click();
    await workbench.page.keyboard.press('Control+a');
    await workbench.page.keyboard.type('after');
    await workbench.page.keyboard.press('Control+s');
    await expect.poll(async () => await daemon.print(['exec', 'web', 'cat', '/tmp/note.txt']), { timeout: 20_000 }).toBe('after');
    await workbench.screenshot('file');
  });

  test('says which mutator set a value of the spec', async () => {
    await workbench.menu(workbench.row(/^Container web/), 'Show the OCI Spec');
    await workbench.page
      .locator('.view-lines')
      .filter({ hasText: /set\s+by/ })
      .first()
      .waitFor();
    await workbench.screenshot('spec');
  });

  test('explains a failed start with the guilty step', async () => {
    await daemon.jocker(['create', '--name', 'broken', image, 'no-such-program']);
    await daemon.jocker(['start', 'broken']);
    await workbench.row(/^Container broken/).waitFor();
    await workbench.menu(workbench.row(/^Container broken/), 'Why Did It Fail?');
    const frame = workbench.page.frameLocator('iframe.webview').last().frameLocator('iframe');
    await frame.locator('.guilty').first().waitFor();
    await frame.getByText('no-such-program').first().waitFor();
    await workbench.screenshot('why');
    await workbench.command('Preferences: Toggle between Light/Dark Themes');
    await workbench.page.locator('.monaco-workbench.vs-dark').waitFor();
    await workbench.screenshot('why-dark');
  });

  test('cancels a pull down to the engine', async () => {
    await using slow = await slowRegistry();
    await workbench.command('Jocker: Pull an Image');
    await workbench.answer('Image to pull', `${slow.host}/slow:1`);
    await workbench.page.locator('.notification-list-item', { hasText: 'Pulling' }).getByRole('button', { name: 'Cancel' }).click();
    await expect
      .poll(
        async () =>
          (await daemon.client.operations.list()).find(
            ({ operation, subject }) => operation === 'image.pull' && subject.includes(slow.host),
          )?.state,
        { timeout: 20_000 },
      )
      .toBe('cancelled');
    await workbench.screenshot('cancelled');
  });

  test('removes a container after asking', async () => {
    await workbench.menu(workbench.row(/^Container broken/), 'Remove');
    await workbench.page.locator('.monaco-dialog-box').getByRole('button', { name: 'Remove' }).click();
    await workbench.row(/^Container broken/).waitFor({ state: 'detached' });
    await workbench.screenshot('removed');
  });
});

/** Answers a manifest's head and then nothing more. */
async function slowRegistry(): Promise<{ readonly host: string } & AsyncDisposable> {
  const server: Server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
