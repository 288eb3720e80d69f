"""`/openapi.json`: a document by the book, and a service that does what it says, in thousands of generated requests."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import jsonschema
import schemathesis
import service

HERE = Path(__file__).parent
CASES_MIN = 1_000


def document() -> dict[str, Any]:
    with service.http() as http:
        return http.get(f"{service.URL}/openapi.json").raise_for_status().json()


class Document(unittest.TestCase):
    def test_it_meets_the_schema_of_openapi_3_1(self) -> None:
        schemathesis.openapi.from_dict(document()).validate()

    def test_its_schemas_are_schemas(self) -> None:
        for name, schema in document()["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_every_path_declares_the_parameters_in_its_braces(self) -> None:
        for path, item in document()["paths"].items():
            with self.subTest(path):
                declared = [parameter["name"] for parameter in item.get("parameters", []) if parameter["in"] == "path"]
                self.assertEqual(re.findall(r"\{([^}]+)\}", path), declared)


class GeneratedRequests(unittest.TestCase):
    """One run of schemathesis: what it is told stands in `schemathesis.toml` and `schemathesis_hooks.py`."""

    report: dict[str, Any]
    output: str

    @classmethod
    def setUpClass(cls) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
            command += ["run", f"{service.URL}/openapi.json", "--report-json-path", str(report)]
            told = {
                "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
                "NO_PROXY": "*",
            }
            run = subprocess.run(command, cwd=folder, env=os.environ | told, capture_output=True, text=True)
            cls.output = run.stdout + run.stderr
            if not report.exists():
                raise AssertionError(f"schemathesis made no report:\n{cls.output}")
            cls.report = json.loads(report.read_text())

    def test_no_answer_is_a_server_error_or_outside_the_document(self) -> None:
        self.assertEqual((self.report["failures"], self.report["errors"]), ([], []), self.output)
        self.assertTrue(self.report["complete"], self.output)
        self.assertEqual(self.report["exit_code"], 0, self.output)

    def test_a_thousand_cases_ran(self) -> None:
        cases = self.report["test_cases"]
        print(f"{cases['generated']} cases in {self.report['running_time']:.0f} s")
        self.assertGreaterEqual(cases["generated"] - cases["without_checks"], CASES_MIN)

    def test_every_operation_was_asked_and_granted_something(self) -> None:
        operations = self.report["operations"]
        self.assertEqual(operations["tested"], operations["total"])
        methods = {"get", "post", "put", "patch", "delete"}
        declared = {
            f"{method.upper()} {path}" for path, item in document()["paths"].items() for method in item if method in methods
        }
        granted = {
            operation
            for operation, phases in self.report["valid_rates"].items()
            if any(rates["accepted"] for rates in phases.values())
        }
        self.assertEqual(declared - granted, set())


if __name__ == "__main__":
    unittest.main()
