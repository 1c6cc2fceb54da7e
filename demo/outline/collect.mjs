/**
 * From a syntax tree to its outline: a list of
 *
 *     { kind, name, line, exported, parameters?, members? }
 *
 * in the order of the text. Variables are listed where they are exported or hold a function; the rest of a body is not.
 */

/** @param {import('typescript').SourceFile} source */
export function collect(ts, source) {
  const { SyntaxKind } = ts;

  /** One entry of the outline per statement, as a rule; none for those that declare nothing of interest. */
  const describers = {
    [SyntaxKind.FunctionDeclaration]: (node) => [functionItem(node, nameOf(node), node)],
    [SyntaxKind.ClassDeclaration]: (node) => [
      item('class', node, nameOf(node), { members: node.members.flatMap(member) }),
    ],
    [SyntaxKind.InterfaceDeclaration]: (node) => [item('interface', node, nameOf(node))],
    [SyntaxKind.TypeAliasDeclaration]: (node) => [item('type', node, nameOf(node))],
    [SyntaxKind.EnumDeclaration]: (node) => [item('enum', node, nameOf(node))],
    [SyntaxKind.ModuleDeclaration]: (node) => [item('namespace', node, nameOf(node), { members: inside(node.body) })],
    [SyntaxKind.VariableStatement]: (node) => node.declarationList.declarations.flatMap((one) => variable(node, one)),
    [SyntaxKind.ExportAssignment]: (node) => [
      item('export', node, node.isExportEquals ? '=' : 'default', { exported: true }),
    ],
    [SyntaxKind.ExportDeclaration]: exportedNames,
  };

  return source.statements.flatMap(describe);

  function describe(node) {
    return describers[node.kind]?.(node) ?? [];
  }

  function item(kind, node, name, more = {}) {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    const exported = (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
    const { members, ...rest } = more;
    return { kind, name, line, exported, ...rest, ...(members?.length ? { members } : {}) };
  }

  function functionItem(node, name, callable, kind = 'function', more = {}) {
    const parameters = callable.parameters.map((parameter) => parameterName(parameter));
    // What a function declares inside is part of its outline where it has a name and a body of its own.
    const members = inside(callable.body).filter(({ kind: inner }) => inner === 'function' || inner === 'class');
    return item(kind, node, name, { parameters, members, ...more });
  }

  function member(node) {
    const name = nameOf(node);
    switch (node.kind) {
      case SyntaxKind.Constructor:
        return [functionItem(node, 'constructor', node, 'constructor')];
      case SyntaxKind.MethodDeclaration:
        return [functionItem(node, name, node, isStatic(node) ? 'static' : 'method')];
      case SyntaxKind.GetAccessor:
        return [item('get', node, name)];
      case SyntaxKind.SetAccessor:
        return [item('set', node, name)];
      default:
        return [];
    }
  }

  function variable(statement, declaration) {
    const value = declaration.initializer;
    const exported = (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0;
    const holdsFunction = value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value));
    if (holdsFunction) return [functionItem(declaration, nameOf(declaration), value, 'function', { exported })];
    if (!exported) return [];
    const kind = statement.declarationList.flags & ts.NodeFlags.Const ? 'const' : 'variable';
    return [item(kind, declaration, nameOf(declaration), { exported })];
  }

  /** `export { a, b as c } from 'x'`, `export * from 'x'`, `export * as n from 'x'`. */
  function exportedNames(node) {
    const from = node.moduleSpecifier ? ` from ${node.moduleSpecifier.getText(source)}` : '';
    const names = node.exportClause?.elements?.map((element) => element.getText(source)) ?? [
      node.exportClause ? node.exportClause.getText(source) : '*',
    ];
    return names.map((name) => item('export', node, `${oneLine(name)}${from}`, { exported: true }));
  }

  function inside(body) {
    return body?.statements?.flatMap(describe) ?? [];
  }

  function nameOf(node) {
    return node.name ? oneLine(node.name.getText(source)) : 'default';
  }

  function parameterName(parameter) {
    const rest = parameter.dotDotDotToken ? '...' : '';
    const optional = parameter.questionToken || parameter.initializer ? '?' : '';
    return `${rest}${nameOf(parameter)}${optional}`;
  }

  function isStatic(node) {
    return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Static) !== 0;
  }
}

function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ');
}
