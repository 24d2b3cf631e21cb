import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

const codeServer = fileURLToPath(new URL('./node_modules/code-server/out/node/entry.js', import.meta.url));
const extension = fileURLToPath(new URL('../../packages/vscode-ext/dist/jocker.vsix', import.meta.url));
const artifacts = fileURLToPath(new URL('../../artifacts/', import.meta.url));
const node = fileURLToPath(new URL('../../.tools/node', import.meta.url));
const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface WorkbenchOptions {
  /** For the server's data; removed by the caller. */
  readonly directory: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The real VS Code workbench in a browser, with the packed extension and no other. */
export class Workbench implements AsyncDisposable {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #server: ChildProcess;
  #shots = 0;

  private constructor(server: ChildProcess, browser: Browser, page: Page) {
    this.#server = server;
    this.#browser = browser;
    this.page = page;
  }

  static async open({ directory, settings }: WorkbenchOptions): Promise<Workbench> {
    const userData = join(directory, 'user');
    const workspace = join(directory, 'workspace');
    const settingsPath = join(userData, 'User/settings.json');
    await mkdir(join(userData, 'User'), { recursive: true });
    await mkdir(workspace, { recursive: true });
    await mkdir(artifacts, { recursive: true });
    await writeFile(settingsPath, JSON.stringify(settings));
    const folders = ['--user-data-dir', userData, '--extensions-dir', join(directory, 'extensions')];
    const environment = { ...process.env, NODE_OPTIONS: '' };
    const installing = spawn(node, [codeServer, ...folders, '--install-extension', extension], { stdio: 'ignore', env: environment });
    const [code] = (await once(installing, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`the extension could not be installed (${code})`);

    const port = await freePort();
    const quiet = ['--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'];
    const server = spawn(node, [codeServer, ...folders, ...quiet, '--bind-addr', `127.0.0.1:${port}`, workspace], {
      stdio: 'ignore',
      env: environment,
      detached: true,
    });
    const url = `http://127.0.0.1:${port}`;
    for (const giveUp = Date.now() + 60_000; ;) {
      if ((await fetch(`${url}/healthz`).catch(() => undefined))?.ok === true) break;
      if (Date.now() > giveUp) throw new Error('code-server did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: browserArguments });
    const context = await browser.newContext({
      viewport: { width: 1280, height: 1100 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(`${url}/?folder=${workspace}`);
    const workbench = new Workbench(server, browser, page);
    await workbench.ready();
    return workbench;
  }

  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await this.page.getByRole('tab', { name: 'Jocker' }).first().waitFor({ timeout: 60_000 });
  }

  async openView(): Promise<void> {
    const tab = this.page.getByRole('tab', { name: 'Jocker' }).first();
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    await this.page.locator('.pane-header', { hasText: 'Containers' }).waitFor();
  }

  /** A row by the label that a screen reader reads: `Container web, host:busybox · running`. */
  row(label: string | RegExp): Locator {
    return this.page.getByRole('treeitem', { name: label }).first();
  }

  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input[type="text"], .quick-input-widget input.input').first();
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
  }

  /** Answers an input box or a pick that shows `question`, and waits until that question is gone. */
  async answer(question: string, text: string): Promise<void> {
    const asked = this.page.locator('.quick-input-widget:visible').filter({ hasText: question }).first();
    await asked.waitFor();
    await asked.locator('input:visible').first().fill(text);
    await this.page.keyboard.press('Enter');
    await asked.waitFor({ state: 'detached' });
  }

  /** Clicks a menu entry of a row. A menu that has only just opened takes no click; then it is clicked again. */
  async menu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: 'right' });
    const menu = this.page.locator('.monaco-menu');
    const item = menu.locator('.action-label').getByText(entry, { exact: true }).first();
    await item.waitFor();
    for (let tries = 0; tries < 10 && (await item.isVisible()); tries++) {
      await item.click({ timeout: 2_000 }).catch(() => undefined);
      await item.waitFor({ state: 'hidden', timeout: 1_000 }).catch(() => undefined);
    }
    await item.waitFor({ state: 'hidden' });
  }

  /** Rows of the terminal that is shown, once they hold the text. */
  async terminalShows(text: string | RegExp): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-rows, .xterm-rows:visible').filter({ hasText: text }).first().waitFor();
  }

  async type(text: string): Promise<void> {
    await this.page.locator('.xterm-screen:visible').first().click();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Kept as an artifact, in the order of the steps. */
  async screenshot(name: string): Promise<void> {
    this.#shots += 1;
    await this.page.screenshot({ path: join(artifacts, `${String(this.#shots).padStart(2, '0')}-${name}.png`) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    const ended = once(this.#server, 'exit');
    // It starts processes of its own; they are a group.
    if (this.#server.pid !== undefined) process.kill(-this.#server.pid, 'SIGKILL');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
