import type { EventSubscriber } from '../events/lifecycle-events.ts';
import type { Logger } from '../operation/operation-context.ts';
import type { ExtensionPoints } from '../plugin/extension-points.ts';
import type { EngineDirectories } from '../plugin/plugin.ts';
import type { SpecPermission } from '../spec/spec-permissions.ts';
import { token, type Token } from './composition.ts';

/** Something that a plugin provides, with the name of that plugin. */
export interface Contribution<P extends keyof ExtensionPoints = keyof ExtensionPoints> {
  readonly plugin: string;
  readonly value: ExtensionPoints[P];
  /** What its mutators may widen. */
  readonly permissions: readonly SpecPermission[];
}

/** In the root scope. */
export const eventsToken: Token<EventSubscriber> = token('events');
export const engineIdToken: Token<string> = token('engineId');

/** In the scope of one plugin. */
export const logToken: Token<Logger> = token('log');
export const directoriesToken: Token<EngineDirectories> = token('directories');
