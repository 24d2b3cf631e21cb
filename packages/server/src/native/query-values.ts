import { Type, type TArray, type TObject, type TOptional, type TProperties, type TString, type TUnion } from '@sinclair/typebox';

/** Values of a query are text; the schema says what text, so that a wrong one is refused by name. */
export const flag = (description: string): TOptional<TString> => Type.Optional(Type.String({ pattern: '^(true|false)$', description }));
export const wholeNumber = (description: string): TOptional<TString> =>
  Type.Optional(Type.String({ pattern: '^-?[0-9]{1,15}$', description }));
export const dateTime = (description: string): TOptional<TString> =>
  Type.Optional(Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$', description }));
export const word = (description: string): TOptional<TString> => Type.Optional(Type.String({ description }));
export const requiredWord = (description: string): TString => Type.String({ minLength: 1, description });
export const words = (description: string): TOptional<TUnion<[TString, TArray<TString>]>> =>
  Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description }));

export const query = <T extends TProperties>(properties: T): TObject<T> => Type.Object(properties, { additionalProperties: false });

export const isTrue = (text: string | undefined): boolean => text === 'true';
export const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
export const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));
export const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** Without the properties that are undefined: absent and undefined differ for the engine. */
export function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
