import { describe, expect, it } from 'vitest';
import { phraseCommand } from './ctlText.ts';

describe('the command that a phrase is given back with', () => {
  it('has no gap without a target, and no data directory that is the default', () => {
    expect(phraseCommand('enable_live', undefined, 'yes every bot', { data: './data' })).toBe(
      "nightjar ctl enable_live --phrase 'yes every bot'",
    );
  });

  it('reaches the same system for the same reason, whatever the shell makes of it', () => {
    const command = phraseCommand('enable_live', 'arb:SOL', 'p', { data: '/my data', reason: "it's fine" });
    expect(command).toBe("nightjar ctl enable_live arb:SOL --reason 'it'\\''s fine' --data '/my data' --phrase 'p'");
  });
});
