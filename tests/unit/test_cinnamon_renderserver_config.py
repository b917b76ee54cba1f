"""The settings of a RenderServer: what is read, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.farm.model.errors import BadInputError, NotFoundError, RendermillError
from rendermill.sdk.renderserver.config import Config, Program, read_config

REPOSITORY = """<repository><name>demo</name><url>http://h:8080/cinnamon/cinnamon</url><username>u</username>
<password>p</password><lifeCycleName>_RenderServerLC</lifeCycleName>
<registeredTasks><taskName>foo</taskName></registeredTasks></repository>"""
TASKS = """<tasks>
<task><name>foo</name><escapeUrlForCinnamonClient>true</escapeUrlForCinnamonClient><exec>run  me
 __id__</exec></task>
<task><name>bar</name><exec>bar</exec><timeout>1.5</timeout></task></tasks>"""
CONFIG = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- as it has always been -->
<config><taskQueryFile>taskQuery.xml</taskQueryFile><threadCount>5</threadCount><sleepDuration>10000</sleepDuration>
<repositories>{REPOSITORY}</repositories>{TASKS}</config>"""
QUERY = '<TermQuery fieldName="lifecyclestate">__lcsId__</TermQuery>'


def read(folder: Path, config: str = CONFIG, query: str = QUERY) -> Config:
    (folder / "renderserver.config.xml").write_text(config)
    (folder / "taskQuery.xml").write_text(query)
    return read_config(folder)


def test_every_element_is_read(tmp_path: Path) -> None:
    found = read(tmp_path)
    (repository,) = found.repositories
    assert (found.threads, found.sleep) == (5, 10.0)
    assert (repository.name, repository.url) == ("demo", "http://h:8080/cinnamon/cinnamon")
    assert (repository.username, repository.password, repository.lifecycle) == ("u", "p", "_RenderServerLC")
    assert found.programs == {
        "foo": Program("foo", ("run", "me", "__id__"), doubles_slashes=True, timeout=None),
        "bar": Program("bar", ("bar",), doubles_slashes=False, timeout=1.5),
    }
    assert found.unknown == ()


def test_registered_tasks_are_the_only_ones_if_there_are_any(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert set(found.programs_for(found.repositories[0])) == {"foo"}
    found = read(tmp_path, CONFIG.replace("<taskName>foo</taskName>", ""))
    assert set(found.programs_for(found.repositories[0])) == {"foo", "bar"}


def test_the_id_of_the_state_is_put_into_the_query_with_20_digits(tmp_path: Path) -> None:
    assert read(tmp_path).query_for(100) == QUERY.replace("__lcsId__", "00000000000000000100")


def test_a_password_is_in_no_message(tmp_path: Path) -> None:
    found = read(tmp_path, CONFIG.replace(">p<", ">secret-thing<"))
    assert "secret-thing" not in f"{found}{found.repositories[0]!r}"


@pytest.mark.parametrize(
    ("right", "wrong", "element", "said"),
    [
        ("<threadCount>5", "<threadCount>0", "config/threadCount", "'0' is no whole number from 1 to 1024"),
        ("<threadCount>5", "<threadCount>five", "config/threadCount", "'five' is no whole number"),
        ("<threadCount>5</threadCount>", "", "config/threadCount", "it is missing or empty"),
        ("<sleepDuration>10000", "<sleepDuration>999", "config/sleepDuration", "'999' is no whole number from 1000"),
        ("<taskQueryFile>taskQuery.xml", "<taskQueryFile>", "config/taskQueryFile", "it is missing or empty"),
        (REPOSITORY, "", "config/repositories/repository", "there must be one"),
        ("<name>demo</name>", "", "config/repositories/repository[1]/name", "it is missing or empty"),
        ("http://h:8080", "h:8080", "config/repositories/repository[1]/url", "is no address"),
        ("<username>u", "<username>", "config/repositories/repository[1]/username", "it is missing or empty"),
        ("<password>p", "<password>", "config/repositories/repository[1]/password", "it is missing or empty"),
        (REPOSITORY, REPOSITORY * 2, "config/repositories/repository/name", "is there twice"),
        (TASKS, "", "config/tasks/task", "there must be one"),
        ("<name>bar", "<name>foo", "config/tasks/task/name", "'foo' is there twice"),
        ("<exec>bar", "<exec> ", "config/tasks/task[2]/exec", "it is missing or empty"),
        ("<timeout>1.5", "<timeout>-1", "config/tasks/task[2]/timeout", "'-1' is no number of seconds"),
        ("<timeout>1.5", "<timeout>nan", "config/tasks/task[2]/timeout", "'nan' is no number of seconds"),
        (">true<", ">yes<", "config/tasks/task[1]/escapeUrlForCinnamonClient", "'yes' is neither true nor false"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_element(
    tmp_path: Path, right: str, wrong: str, element: str, said: str
) -> None:
    assert right in CONFIG
    with pytest.raises(BadInputError) as caught:
        read(tmp_path, CONFIG.replace(right, wrong, 1))
    assert caught.value.where == f"{tmp_path}/renderserver.config.xml <{element}>"
    assert said in caught.value.what


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<config>",
        "no XML",
        "<settings/>",
        '<!DOCTYPE config [<!ENTITY a "b">]><config>&a;</config>',
        CONFIG.replace("demo", "&other;"),
    ],
)
def test_what_is_no_config_is_refused_with_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path, text)
    assert caught.value.where == str(tmp_path / "renderserver.config.xml")


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        read_config(tmp_path)
    assert caught.value.where == str(tmp_path / "renderserver.config.xml")
    with pytest.raises(NotFoundError) as caught:
        read(tmp_path, CONFIG.replace("taskQuery.xml", "other.xml"))
    assert caught.value.where == str(tmp_path / "other.xml")


def test_a_query_that_is_no_xml_is_refused_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(RendermillError) as caught:
        read(tmp_path, query="<BooleanQuery>")
    assert caught.value.where == str(tmp_path / "taskQuery.xml")


def test_elements_that_mean_nothing_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, CONFIG.replace("<timeout>1.5</timeout>", "<timout>1</timout>"))
    assert found.unknown == ("config/tasks/task[2]/timout",)
