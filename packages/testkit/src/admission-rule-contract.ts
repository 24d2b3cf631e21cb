import type { AdmissionRule, CreateRequest } from '@jocker/core';
import { describe, expect, test } from 'vitest';
import { specInput } from './spec-input.ts';

export interface AdmissionRuleUnderTest {
  readonly rule: AdmissionRule;
  readonly allowed: Partial<CreateRequest>;
  readonly refused: Partial<CreateRequest>;
}

/** What every admission rule promises. The requests are frozen: a rule that edits one throws. */
export function describeAdmissionRule(name: string, { rule, allowed, refused }: AdmissionRuleUnderTest): void {
  const decide = async (request: Partial<CreateRequest>): Promise<unknown> => {
    const input = specInput({ request });
    return await rule.decide(input.request, input.context);
  };

  describe(`admission rule: ${name}`, () => {
    test('lets through what it allows', async () => {
      expect(await decide(allowed)).toEqual({ allowed: true });
    });

    test('refuses the rest with a reason', async () => {
      expect(await decide(refused)).toEqual({ allowed: false, reason: expect.stringMatching(/\S/) as string });
    });

    test('decides the same way twice', async () => {
      expect(await decide(refused)).toEqual(await decide(refused));
      expect(await decide(allowed)).toEqual(await decide(allowed));
    });
  });
}
