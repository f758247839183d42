import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { COMMANDS, COMMENT_CONTROLLER, TABLE_EDITORS, VIEWS, WALKTHROUGH } from '../../src/commands.ts';
import { datasetFormatOfName } from '../../src/core/table/datasetFormat.ts';

/** The manifest, as far as these tests read it. */
interface Manifest {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly publisher: string;
  readonly icon: string;
  readonly main: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly l10n: string;
  readonly engines: { readonly node: string; readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly commands: readonly Contributed[];
    readonly submenus: readonly { readonly id: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly keybindings: readonly {
      readonly command: string;
      readonly key: string;
      readonly when?: string;
    }[];
    readonly configuration: { readonly properties: Readonly<Record<string, Property>> };
    readonly viewsContainers: Readonly<
      Record<string, readonly { readonly id: string; readonly icon: string }[]>
    >;
    readonly views: Readonly<Record<string, readonly View[]>>;
    readonly viewsWelcome: readonly { readonly view: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly Step[] }[];
    readonly languages: readonly { readonly id: string }[];
    readonly customEditors: readonly CustomEditor[];
  };
}

interface Contributed {
  readonly command: string;
  readonly title: string;
  readonly category: string;
  readonly icon?: string;
  readonly enablement?: string;
}

interface MenuItem {
  readonly command?: string;
  readonly submenu?: string;
  readonly when?: string;
}

interface Property {
  readonly type: string;
  readonly default: unknown;
  readonly scope?: string;
  readonly description?: string;
  readonly markdownDescription?: string;
}

interface View {
  readonly id: string;
  readonly name: string;
  readonly icon: string;
}

interface CustomEditor {
  readonly viewType: string;
  readonly displayName: string;
  readonly priority: string;
  readonly selector: readonly { readonly filenamePattern: string }[];
}

interface Step {
  readonly id: string;
  readonly media: Readonly<Record<string, string>>;
  readonly completionEvents: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(text('package.json')) as Manifest;
const strings = JSON.parse(text('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;

const commandIds = Object.values<string>(COMMANDS);
const views = Object.values(contributes.views).flat();
const viewIds = views.map(({ id }) => id);
const containerIds = Object.values(contributes.viewsContainers).flatMap((found) => found.map(({ id }) => id));

describe('The manifest', () => {
  it('contributes the commands of src/commands.ts, each with a title and the category', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...commandIds].sort());
    for (const { command, title, category } of contributes.commands) {
      assert.equal(title, `%command.${command.replace('provenance.', '')}%`);
      assert.equal(category, '%category%');
    }
  });

  it('takes every text from package.nls.json, which has no other', () => {
    const used = new Set(Array.from(text('package.json').matchAll(/"%([^"%]+)%"/g), ([, key = '']) => key));
    assert.deepEqual([...used].sort(), Object.keys(strings).sort());
    for (const [key, value] of Object.entries(strings)) assert.notEqual(value.trim(), '', key);
    const shown = [manifest.displayName, manifest.description, ...views.map(({ name }) => name)];
    for (const member of shown) assert.match(member, /^%[^%]+%$/);
  });

  it('has menus and keys for commands that exist', () => {
    const submenus = contributes.submenus.map(({ id }) => id);
    for (const [menu, items] of Object.entries(contributes.menus)) {
      for (const { command, submenu } of items) {
        assert.ok(
          command === undefined ? submenus.includes(submenu ?? '') : commandIds.includes(command),
          menu,
        );
      }
      // A menu of our own is one of a submenu.
      if (menu.startsWith('provenance')) assert.ok(submenus.includes(menu), menu);
    }
    for (const { command, key, when } of contributes.keybindings) {
      assert.ok(commandIds.includes(command), command);
      // In other editors the keys are the user's own.
      assert.match(when ?? '', /^(editorTextFocus && editorLangId == jsonl|activeCustomEditorId =~)/, key);
    }
    for (const id of submenus) assert.ok(contributes.menus[id], `the submenu ${id} is empty`);
  });

  it('names views, languages and comment controllers that exist in its conditions', () => {
    const conditions = [
      ...Object.values(contributes.menus).flat(),
      ...contributes.keybindings,
      ...contributes.commands.map(({ enablement }) => ({ when: enablement })),
    ].flatMap(({ when }) => (when === undefined ? [] : [when]));
    const known: readonly (readonly [key: string, values: readonly string[]])[] = [
      ['view', viewIds],
      ['editorLangId', contributes.languages.map(({ id }) => id)],
      ['resourceLangId', contributes.languages.map(({ id }) => id)],
      ['commentController', [COMMENT_CONTROLLER]],
      ['activeCustomEditorId', Object.values(TABLE_EDITORS)],
    ];
    for (const condition of conditions) {
      for (const [key, values] of known) {
        for (const [, value = ''] of condition.matchAll(new RegExp(`\\b${key} == ([\\w.-]+)`, 'g'))) {
          assert.ok(values.includes(value), condition);
        }
      }
    }
  });

  it('opens in the sample table every format that no text editor shows, and offers it for JSONL', () => {
    const patterns = (priority: string) =>
      contributes.customEditors
        .filter((editor) => editor.priority === priority)
        .flatMap(({ selector }) => selector.flatMap(({ filenamePattern }) => alternatives(filenamePattern)));
    assert.deepEqual(
      contributes.customEditors.map(({ viewType }) => viewType),
      Object.values(TABLE_EDITORS),
    );
    const names = (endings: string[]) => endings.map((ending) => `*.${ending}`);
    const text = ['jsonl', 'ndjson', 'jsonlines'];
    assert.deepEqual(patterns('option'), names(text));
    assert.deepEqual(
      patterns('default'),
      names(['parquet', 'pq', ...text.flatMap((ending) => [`${ending}.gz`, `${ending}.zst`])]),
    );
    for (const pattern of [...patterns('default'), ...patterns('option')]) {
      assert.ok(datasetFormatOfName(pattern), pattern);
    }
  });

  it('offers in the Explorer what suits the file', () => {
    const condition = (command: string) => {
      const item = contributes.menus['explorer/context']?.find((found) => found.command === command);
      const pattern = /resourceFilename =~ \/(.*?)\/i/.exec(item?.when ?? '')?.[1];
      assert.ok(pattern, command);
      return new RegExp(pattern, 'i');
    };
    const offered = (command: string) =>
      ['a.jsonl', 'a.ndjson.gz', 'a.PARQUET', 'a.jsonl.zst', 'a.json', 'a.gz'].filter((name) =>
        condition(command).test(name),
      );
    const all = ['a.jsonl', 'a.ndjson.gz', 'a.PARQUET', 'a.jsonl.zst'];
    assert.deepEqual(offered('provenance.signDataset'), all);
    assert.deepEqual(offered('provenance.verifyDataset'), all);
    assert.deepEqual(offered('provenance.openTable'), ['a.jsonl']);
    assert.deepEqual(offered('provenance.exportJsonl'), all.slice(1));
  });

  it('links to commands that exist in its texts', () => {
    for (const [key, value] of Object.entries(strings)) {
      for (const [, id = ''] of value.matchAll(/\(command:([\w.]+)/g)) {
        assert.ok(commandIds.includes(id) || id.startsWith('workbench.'), `${key}: ${id}`);
      }
    }
  });

  it('has the views of src/commands.ts', () => {
    assert.deepEqual([...containerIds, ...viewIds].sort(), Object.values<string>(VIEWS).sort());
    assert.deepEqual(Object.keys(contributes.views), containerIds);
    for (const { view } of contributes.viewsWelcome) assert.ok(viewIds.includes(view), view);
  });

  it('has a walkthrough whose steps end by what exists', () => {
    const ids = contributes.walkthroughs.map(({ id }) => `${manifest.publisher}.${manifest.name}#${id}`);
    assert.deepEqual(ids, [WALKTHROUGH]);
    for (const { id, completionEvents } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      for (const event of completionEvents) {
        const [kind, target = ''] = event.split(':');
        assert.ok(
          kind === 'onCommand' ? commandIds.includes(target) : viewIds.includes(target),
          `${id}: ${event}`,
        );
      }
    }
  });

  it('names pictures that are there', () => {
    const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    const pictures = [
      manifest.icon,
      ...Object.values(contributes.viewsContainers).flatMap((items) => items.map(({ icon }) => icon)),
      ...views.map(({ icon }) => icon),
      ...steps.flatMap(({ media }) =>
        Object.entries(media).flatMap(([kind, path]) => (kind === 'altText' ? [] : path)),
      ),
    ];
    const missing = [...new Set(pictures)].filter((path) => !existsSync(join(root, path)));
    assert.deepEqual(missing, []);
    for (const { media } of steps) assert.match(media['altText'] ?? '', /^%.+%$/);
    for (const { command, icon } of contributes.commands) {
      if (icon !== undefined) assert.match(icon, /^\$\([a-z-]+\)$/, command);
    }
  });

  it('describes every setting, with the default that the code falls back to', () => {
    const settings = Object.entries(contributes.configuration.properties).map(([name, property]) => {
      assert.match(property.markdownDescription ?? property.description ?? '', /^%.+%$/, name);
      assert.equal(property.type, typeof property.default, name);
      return [name.replace(/^provenance\./, ''), property.default];
    });
    assert.deepEqual(Object.fromEntries(settings), objectLiteral('src/host/settings.ts', 'SETTING_DEFAULTS'));
  });

  it('offers nothing that signs, or that keeps what others signed, in a workspace that is not trusted', () => {
    const signing = [
      'signDataset',
      'signSamples',
      'flagSamples',
      'submitFlag',
      'replyToFlag',
      'clearFlag',
      'trustSigner',
      'replaceSignerKey',
      'revokeKey',
      'revokeStatement',
      'acceptMissingEvidence',
      'recordStep',
      'importAdvisory',
      'flagDataset',
      'flagStep',
      'clearDatasetFlag',
    ] as const;
    for (const { command, enablement } of contributes.commands) {
      const signs = signing.some((name) => COMMANDS[name] === command);
      assert.equal(enablement, signs ? 'isWorkspaceTrusted' : undefined, command);
    }
  });

  it('lets no workspace say by a setting whom to trust, or which files and keys to use', () => {
    // How things look, and how much is looked at.
    const ofWorkspaces = [
      'gutterIcons',
      'signerChip',
      'overviewRuler',
      'codeLens',
      'maxProblems',
      'backgroundVerification',
    ];
    for (const [name, { scope }] of Object.entries(contributes.configuration.properties)) {
      const isOfWorkspaces = ofWorkspaces.includes(name.replace(/^provenance\./, ''));
      assert.equal(scope, isOfWorkspaces ? undefined : 'machine', name);
    }
  });

  it('starts the extension only for datasets and evidence', () => {
    for (const event of manifest.activationEvents) {
      const [kind = '', value = ''] = event.split(':');
      assert.ok(['onLanguage', 'workspaceContains', 'onCustomEditor'].includes(kind), event);
      assert.doesNotMatch(value, /^(\*|\*\*|\*\*\/\*)?$/, event);
    }
  });

  it('names the programs that scripts/build.mjs makes', () => {
    const built = Array.from(
      text('scripts/build.mjs').matchAll(/\bto: '([^']+)'/g),
      ([, path]) => `./${path ?? ''}`,
    );
    for (const program of [manifest.main, ...Object.values(manifest.bin)])
      assert.ok(built.includes(program), program);
  });

  it('asks for versions that agree with each other', () => {
    const types = (name: string) => manifest.devDependencies[name] ?? '';
    assert.match(manifest.engines.vscode, /^\^1\.\d+\.0$/);
    // Newer types would let code in that the oldest supported editor cannot run.
    assert.equal(types('@types/vscode'), manifest.engines.vscode);
    const node = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node);
    assert.ok(node);
    assert.equal(/^\^(\d+)\./.exec(types('@types/node'))?.[1], node[1]);
    const check = new RegExp(`major < ${String(node[1])} .*minor < ${String(node[2])}\\b`);
    assert.match(text('scripts/setup.mjs'), check);
  });
});

/** `*.{a,b}` as `*.a`, `*.b`. */
function alternatives(pattern: string): string[] {
  const [, before = '', list, after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern) ?? [];
  if (list === undefined) return [pattern];
  return list.split(',').flatMap((choice) => alternatives(`${before}${choice}${after}`));
}

/** The value of a constant that is an object of plain values: importing the file would need an editor. */
function objectLiteral(path: string, name: string): Record<string, unknown> {
  const source = ts.createSourceFile(path, text(path), ts.ScriptTarget.Latest, true);
  const value: Record<string, unknown> = {};
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === name) {
      assert.ok(node.initializer && ts.isObjectLiteralExpression(node.initializer));
      for (const member of node.initializer.properties) {
        assert.ok(ts.isPropertyAssignment(member));
        const { name } = member;
        value[ts.isStringLiteral(name) ? name.text : name.getText()] = plainValue(member.initializer);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return value;
}

function plainValue(node: ts.Expression): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  return JSON.parse(node.getText()) as unknown;
}
