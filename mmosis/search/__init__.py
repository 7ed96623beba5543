"""Search by example: references, banks of them, and the inferencer."""

from .inferencer import OneShotInferencer
from .reference_bank import BankCategory, BankEntry, ReferenceBank
from .references import SearchReference, parse_references

__all__ = ['BankCategory', 'BankEntry', 'OneShotInferencer', 'ReferenceBank', 'SearchReference', 'parse_references']
