export * from '@jocker/core/testing';
export { injectFaults, type Fault, type FaultyDriver } from './inject-faults.ts';
export { meterCalls, type CallTimes, type MeteredDriver } from './meter-calls.ts';
export { assertBudget, type LatencyBudget } from './assert-budget.ts';
export { describeSpecMutator, type SpecMutatorUnderTest } from './spec-mutator-contract.ts';
export { describeAdmissionRule, type AdmissionRuleUnderTest } from './admission-rule-contract.ts';
export { specInput } from './spec-input.ts';
