import type { TSchema } from '@sinclair/typebox';
import { JockerError } from '../errors/jocker-error.ts';

/**
 * The options as the plugin's schema has them, defaults filled in. Throws `invalid-argument` that names the option, what it
 * is and what it should be.
 */
export async function parsePluginOptions(plugin: string, schema: TSchema | undefined, given: unknown): Promise<unknown> {
  if (schema === undefined) return given;
  const { Value } = await import('@sinclair/typebox/value');
  const options: unknown = Value.Default(schema, structuredClone(given ?? {}));
  const wrong = Value.Errors(schema, options).First();
  const unknown = unknownOption(schema, options);
  if (wrong === undefined && unknown === undefined) return options;
  const known = optionNames(schema);
  const why =
    wrong === undefined
      ? `has no option ${unknown}; it has ${known.length === 0 ? 'none' : known.join(', ')}`
      : `was given ${wrong.path === '' ? 'options that are' : `the option ${wrong.path.slice(1).replaceAll('/', '.')}:`} ${wrong.message.toLowerCase()}, not ${show(wrong.value)}`;
  throw new JockerError('invalid-argument', `plugin ${plugin} ${why}`);
}

const optionNames = (schema: TSchema): readonly string[] => Object.keys((schema['properties'] as object | undefined) ?? {});

/** A word that is spelled wrong would otherwise change nothing, silently. */
function unknownOption(schema: TSchema, options: unknown): string | undefined {
  if (schema['type'] !== 'object' || schema['additionalProperties'] !== undefined || typeof options !== 'object' || options === null)
    return undefined;
  const known = optionNames(schema);
  return Object.keys(options).find((name) => !known.includes(name));
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
