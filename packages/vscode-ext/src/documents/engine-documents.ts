import * as vscode from 'vscode';
import type { Connections } from '../connection/connections.ts';
import type { EngineConnection } from '../connection/engine-connection.ts';
import { blameSpec, specAfter } from '../spec-document/blame-spec.ts';
import { failureOf } from '../failure/failure-of.ts';
import { failureMarkdown } from '../failure/failure-markdown.ts';

const scheme = 'jocker-document';
type DocumentKind = 'inspect' | 'inspect-image' | 'spec' | 'spec-step' | 'why';

/**
 * Live read-only documents: a container's or image's details, its OCI spec with who set what, the spec after a step, and why
 * something failed. An open document is read again when its object changes.
 */
export class EngineDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #connections: Connections;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange: vscode.Event<vscode.Uri> = this.#changed.event;
  readonly #subscription: Disposable;
  readonly registration: vscode.Disposable;

  constructor(connections: Connections) {
    this.#connections = connections;
    this.registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
    this.#subscription = connections.onModelChange((connection, changes) => {
      for (const { uri } of vscode.workspace.textDocuments) {
        if (uri.scheme !== scheme) continue;
        const { socketPath, kind, id } = parse(uri);
        const concerns = changes === 'everything' || changes.some((change) => change.id === id);
        if (socketPath === connection.socketPath && (kind === 'inspect' || kind === 'inspect-image') && concerns) this.#changed.fire(uri);
      }
    });
  }

  dispose(): void {
    this.#subscription[Symbol.dispose]();
    this.registration.dispose();
    this.#changed.dispose();
  }

  uri(connection: EngineConnection, kind: DocumentKind, id: string, fileName: string, step = ''): vscode.Uri {
    return vscode.Uri.from({ scheme, path: `/${fileName}`, query: JSON.stringify([connection.socketPath, kind, id, step]) });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { socketPath, kind, id, step } = parse(uri);
    const connection = this.#connections.bySocket(socketPath);
    if (connection === undefined) return '';
    const { containers, images } = connection.client;
    switch (kind) {
      case 'inspect':
        return print(await containers.inspect(id));
      case 'inspect-image':
        return print(await images.inspect(id));
      case 'spec':
        return blameSpec((await containers.spec(id)).steps);
      case 'spec-step':
        return print(specAfter((await containers.spec(id)).steps, Number(step)));
      case 'why':
        return failureMarkdown(await failureOf(connection, id));
      default: {
        const missed: never = kind;
        return missed;
      }
    }
  }

  async show(uri: vscode.Uri, language: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, language);
    await vscode.window.showTextDocument(document, { preview: true });
  }
}

const print = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function parse(uri: vscode.Uri): { readonly socketPath: string; readonly kind: DocumentKind; readonly id: string; readonly step: string } {
  const [socketPath, kind, id, step] = JSON.parse(uri.query) as [string, DocumentKind, string, string];
  return { socketPath, kind, id, step };
}
