// Keys do what they are bound to, in sequences too, and stay quiet while someone types or a dialog is open.
import { TestBed } from '@angular/core/testing';
import { Keys } from './keys.ts';

const press = (key: string, target: HTMLElement = document.body): void => {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
};

describe('keys', () => {
  let done: string[];
  let keys: Keys;
  const note = (word: string) => (): void => {
    done.push(word);
  };

  beforeEach(() => {
    done = [];
    keys = TestBed.inject(Keys);
    document.body.replaceChildren();
  });

  it('runs single keys and sequences, and forgets a sequence that goes on otherwise', () => {
    keys.bind({ j: note('down'), 'g r': note('runs'), 'g a': note('agents') });
    for (const key of ['j', 'g', 'r', 'g', 'j', 'r', 'g', 'a']) press(key);
    expect(done).toEqual(['down', 'runs', 'down', 'agents']);
  });

  it('lets the newest binding answer, and the older one again when it is gone', () => {
    keys.bind({ Escape: note('page') });
    const release = keys.bind({ Escape: note('panel') });
    press('Escape');
    release();
    press('Escape');
    expect(done).toEqual(['panel', 'page']);
  });

  it('stays quiet in a field, except for Escape', () => {
    keys.bind({ j: note('down'), Escape: note('leave') });
    const field = document.body.appendChild(document.createElement('input'));
    press('j', field);
    press('Escape', field);
    expect(done).toEqual(['leave']);
  });

  it('leaves the keyboard to an open dialog', () => {
    keys.bind({ j: note('down') });
    const dialog = document.body.appendChild(document.createElement('dialog'));
    dialog.setAttribute('open', '');
    press('j');
    expect(done).toEqual([]);
  });
});
