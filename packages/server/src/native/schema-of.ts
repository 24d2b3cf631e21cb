import { Type, type Static, type TObject, type TProperties, type TSchema, type TUnsafe } from '@sinclair/typebox';

/** The schema, if what it admits is a `T` and no property of `T` is forgotten; otherwise it does not compile. */
type Faithful<T, S extends TSchema> = [Static<S>] extends [T] ? ([keyof T] extends [keyof Static<S>] ? S : never) : never;

/** A schema of a type of the engine, held to that type by the compiler. */
export const schemaOf =
  <T>() =>
  <S extends TSchema>(schema: S & Faithful<T, S>): TUnsafe<T> =>
    Type.Unsafe<T>(schema);

/** An object that refuses properties it does not know, so that a misspelt one is not silently dropped. */
export const strict = <T extends TProperties>(properties: T): TObject<T> => Type.Object(properties, { additionalProperties: false });
