"""put_off: a module's source, with imports moved from its top to where their names are used."""

import ast
from collections.abc import Collection, Iterator
from importlib.util import resolve_name
from symtable import SymbolTable, symtable

LATE = '__late__'  # the name by which a module asks for what was put off


def put_off(source: str, targets: Collection[str], package: str = '') -> ast.Module:
    """Take imports out of a module, and let its functions ask for their names where they use them.

    Args:
        source: Of the module.
        targets: What it may import late: packages, modules or names in them.
        package: The module's, for its relative imports.

    Returns:
        ast.Module: The module as it is to be run; its global ``__late__`` is to be a :class:`~.deferred.Late`.
    """
    tree = ast.parse(source)
    fixed = {*_used_at_once(tree), *_bound_inside(symtable(source, '<host>', 'exec'))}
    late: set[str] = set()
    for block in _blocks(tree.body):
        for place, statement in enumerate(block):
            modules, imports = _read_import(statement, package)
            if imports and not fixed & imports.keys() and all(_is_in(module, targets) for module in modules):
                code = f'{LATE}.instead_of({modules[0].split(".")[0]!r}, {imports!r})'
                block[place] = ast.copy_location(_parse(code), statement)
                late |= imports.keys()
    return ast.fix_missing_locations(_Uses(late).visit(tree))


def _parse(code: str) -> ast.stmt:
    return ast.parse(code).body[0]


def _blocks(block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """The statements at the top, and those under an ``if`` or a ``try``."""
    yield block
    for statement in block:
        if isinstance(statement, ast.If | ast.Try):
            yield from _blocks(statement.body)


def _is_in(module: str, targets: Collection[str]) -> bool:
    return any(f'{module}.'.startswith(f'{target}.') for target in targets)


def _read_import(statement: ast.stmt, package: str) -> tuple[list[str], dict[str, str]]:
    """What a statement imports, by full name, and each name that it binds with an import that binds it alone."""
    modules, imports = [], {}
    for alias in statement.names if isinstance(statement, ast.Import | ast.ImportFrom) else ():
        if isinstance(statement, ast.Import):
            modules.append(alias.name)
            single = ast.Import([alias])
        else:
            origin = resolve_name('.' * statement.level + (statement.module or ''), package)
            modules.append(f'{origin}.{alias.name}')
            single = ast.ImportFrom(statement.module, [alias], statement.level)
        imports[alias.asname or alias.name.split('.')[0]] = ast.unparse(single)
    return modules, imports if '*' not in imports else {}


def _used_at_once(node: ast.AST) -> Iterator[str]:
    """Names that are read while a module is imported, outside the bodies of functions; ``*`` hides some."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    later = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ()
    for child in ast.iter_child_nodes(node):
        if child not in later:
            yield from _used_at_once(child)


def _bound_inside(table: SymbolTable) -> Iterator[str]:
    """Names that functions and classes bind themselves: there they may mean something else."""
    for inner in table.get_children():
        yield from (name.get_name() for name in inner.get_symbols() if name.is_local() or name.is_declared_global())
        yield from _bound_inside(inner)


class _Uses(ast.NodeTransformer):
    """Has the bodies of functions ask for names."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.inside = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if self.inside:
            return self.generic_visit(node)
        self.inside = True
        node.body = [self.visit(statement) for statement in node.body]
        self.inside = False
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not (self.inside and isinstance(node.ctx, ast.Load) and node.id in self.names):
            return node
        return ast.copy_location(_parse(f'{LATE}({node.id!r})').value, node)
