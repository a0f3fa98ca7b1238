#!/usr/bin/env escript
%% Runs scenarios on Erlang's own supervisor and prints what it did, one line per scenario: `SEED<tab>step;step;…`.
%% Usage: escript oracle.escript FILE, where FILE holds terms as erlangTerms.ts writes them.
%% Steps come from the supervisors themselves: every start runs in them, every request to end (exit/2) is traced, every
%% report passes the log handler in them. So their order is the order in which the supervisor did them.
-mode(compile).
-behaviour(supervisor).
-export([main/1, init/1, start_worker/2, start_instance/2, start_sup/3, log/2, note/1]).

main([File]) ->
    {ok, Scenarios} = file:consult(File),
    ok = logger:remove_handler(default),
    ok = logger:add_handler(notes, ?MODULE, #{}),
    ets:new(world, [named_table, public]),
    %% The tracer must outlive and must not be the process that it traces.
    erlang:trace_pattern({?MODULE, note, 1}, true, [global]),
    erlang:trace_pattern({erlang, exit, 2}, true, [global]),
    [io:format("~w\t~ts~n", [Seed, run(Config, Children, Ops)]) || {scenario, Seed, Config, Children, Ops} <- Scenarios].

run(Config, Children, Ops) ->
    ets:delete_all_objects(world),
    [ets:insert(world, {{starts, Id}, Answers}) || {Id, Answers} <- maps:get(starts, Config, [])],
    Tracer = self(),
    {Player, Ref} = spawn_monitor(fun() ->
        receive go -> ok end,
        process_flag(trap_exit, true),
        play(Config, Children, Ops, Tracer)
    end),
    erlang:trace(Player, true, [call, set_on_spawn]),
    Player ! go,
    Steps = collect(Player, Ref, []),
    lists:join($;, lists:reverse(Steps)).

collect(Player, Ref, Steps) ->
    receive
        {trace, Player, call, {erlang, exit, _}} -> collect(Player, Ref, Steps);
        {trace, _, call, {?MODULE, note, [Text]}} -> collect(Player, Ref, [Text | Steps]);
        {trace, _, call, {erlang, exit, [Pid, Reason]}} ->
            case name_of(Pid) of
                none -> collect(Player, Ref, Steps);
                Name when Reason =:= kill -> collect(Player, Ref, [text("kill ~s", [Name]) | Steps]);
                Name -> collect(Player, Ref, [text("ask ~s", [Name]) | Steps])
            end;
        {trace, _, _, _} -> collect(Player, Ref, Steps);
        {settle, From} ->
            Asked = erlang:trace_delivered(all),
            Settled = settle(Asked, Player, Ref, Steps),
            From ! settled,
            collect(Player, Ref, Settled);
        {step, Text} -> collect(Player, Ref, [Text | Steps]);
        {'DOWN', Ref, process, _, normal} -> Steps;
        {'DOWN', Ref, process, _, Why} -> [text("oracle failed ~0p", [Why]) | Steps]
    end.

%% Takes what was traced before now; what the player says next comes after it.
settle(Asked, Player, Ref, Steps) ->
    receive
        {trace_delivered, all, Asked} -> Steps;
        {trace, Player, call, {erlang, exit, _}} -> settle(Asked, Player, Ref, Steps);
        {trace, _, call, {?MODULE, note, [Text]}} -> settle(Asked, Player, Ref, [Text | Steps]);
        {trace, _, call, {erlang, exit, [Pid, Reason]}} ->
            How = case Reason of kill -> "kill"; _ -> "ask" end,
            case name_of(Pid) of
                none -> settle(Asked, Player, Ref, Steps);
                Name -> settle(Asked, Player, Ref, [text("~s ~s", [How, Name]) | Steps])
            end
    end.

play(Config, Children, Ops, Tracer) ->
    case supervisor:start_link(?MODULE, {Config, Children}) of
        {ok, Sup} ->
            say(Tracer, "started"),
            perform(Ops, Sup, Config, Tracer);
        {error, {shutdown, {failed_to_start_child, Id, _}}} -> say(Tracer, text("failed ~s", [Id]));
        {error, Reason} -> say(Tracer, text("refused ~0p", [Reason]))
    end.

perform([], Sup, _Config, Tracer) ->
    exit(Sup, shutdown),
    ended(Sup, Tracer);
perform([Op | Ops], Sup, Config, Tracer) ->
    case catch do(Op, Sup, Config) of
        {'EXIT', {_, {gen_server, call, _}}} -> ended(Sup, Tracer);
        Answer ->
            case catch wait_for_rest(Sup) of
                ok ->
                    say(Tracer, Answer),
                    [say(Tracer, text("during ~s", [During])) || During <- answers_during()],
                    perform(Ops, Sup, Config, Tracer);
                _ -> ended(Sup, Tracer)
            end
    end.

ended(Sup, Tracer) ->
    receive {'EXIT', Sup, Reason} -> say(Tracer, text("ended ~s", [kind(Reason)])) end.

say(Tracer, Text) ->
    Tracer ! {settle, self()},
    receive settled -> ok end,
    case Text of
        none -> ok;
        _ -> Tracer ! {step, Text}
    end.

%% A failing start is tried again by a message of the supervisor to itself; nothing else happens before that is over.
wait_for_rest(Sup) ->
    Restarting = [Pid || {_, Pid, _, _} <- supervisor:which_children(Sup), Pid =:= restarting],
    case {Restarting, inner(Sup)} of
        {[], []} -> ok;
        {[], Inner} ->
            [catch_dead(Pid) || Pid <- Inner],
            %% An inner one that gave up is dead, or its end was handled by now.
            case [Pid || Pid <- inner(Sup), not is_process_alive(Pid)] of
                [] -> ok;
                _ -> wait_for_rest(Sup)
            end;
        _ -> erlang:yield(), wait_for_rest(Sup)
    end.

catch_dead(Pid) -> catch wait_for_rest(Pid).

inner(Sup) -> [Pid || {_, Pid, supervisor, _} <- supervisor:which_children(Sup), is_pid(Pid)].

do({die, Id, How}, Sup, _) ->
    [{_, Pid}] = lookup_pid(Id),
    case is_pid(Pid) andalso is_process_alive(Pid) of
        true -> die(Pid, How), wait_until_seen(Sup, [Pid]), none;
        false -> none
    end;
do({die_together, Ids}, Sup, _) ->
    Pids = [Pid || Id <- Ids, {_, Pid} <- lookup_pid(Id), is_pid(Pid), is_process_alive(Pid)],
    sys:suspend(Sup),
    lists:foldl(fun(Pid, Before) ->
        die(Pid, crash),
        wait_for_messages(Sup, Before + 1),
        Before + 1
    end, queue_length(Sup), Pids),
    sys:resume(Sup),
    wait_until_seen(Sup, Pids),
    none;
do({starts, Id, Answers}, _, _) -> ets:insert(world, {{starts, Id}, Answers}), none;
do({add, Child}, Sup, #{strategy := simple_one_for_one}) ->
    {Id, _, _, _, _} = Child,
    answer(supervisor:start_child(Sup, [Id]));
do({add, Child}, Sup, _) -> answer(supervisor:start_child(Sup, spec(Child)));
do({terminate, Id}, Sup, Config) -> answer(supervisor:terminate_child(Sup, handle(Id, Config)));
do({restart, Id}, Sup, _) -> answer(supervisor:restart_child(Sup, Id));
do({delete, Id}, Sup, _) -> answer(supervisor:delete_child(Sup, Id));
do({change, Config, Children}, Sup, _) ->
    ets:insert(world, {change, {Config, Children}}),
    sys:suspend(Sup),
    Answer = sys:change_code(Sup, ?MODULE, none, none),
    sys:resume(Sup),
    ets:delete(world, change),
    case Answer of
        ok -> "ok";
        {error, _} -> "invalid"
    end;
do(which, Sup, _) -> which(supervisor:which_children(Sup));
do(count, Sup, _) ->
    Counts = supervisor:count_children(Sup),
    text("count ~w ~w", [proplists:get_value(specs, Counts), proplists:get_value(active, Counts)]).

handle(Id, #{strategy := simple_one_for_one}) ->
    case lookup_pid(Id) of
        [{_, Pid}] when is_pid(Pid) -> Pid;
        _ -> spawn(fun() -> ok end)
    end;
handle(Id, _) -> Id.

lookup_pid(Id) ->
    case ets:lookup(world, {pid, Id}) of
        [] -> [{Id, none}];
        [{_, Pid}] -> [{Id, Pid}]
    end.

die(Pid, kill) -> exit(Pid, kill);
die(Pid, How) -> Pid ! {die, How}.

%% The supervisor has handled an end once the process is none of its children any more.
wait_until_seen(Sup, Pids) ->
    Known = pids_under(Sup),
    case [Pid || Pid <- Pids, lists:member(Pid, Known)] of
        [] -> ok;
        _ -> erlang:yield(), wait_until_seen(Sup, Pids)
    end.

pids_under(Sup) ->
    lists:flatmap(fun
        ({_, Pid, supervisor, _}) when is_pid(Pid) ->
            %% One that ends in this very moment: ask again.
            [Pid | try pids_under(Pid) catch exit:_ -> erlang:yield(), pids_under(Sup) end];
        ({_, Pid, _, _}) -> [Pid]
    end, supervisor:which_children(Sup)).

queue_length(Pid) -> element(2, process_info(Pid, message_queue_len)).

wait_for_messages(Pid, Count) ->
    case queue_length(Pid) >= Count of
        true -> ok;
        false -> erlang:yield(), wait_for_messages(Pid, Count)
    end.

answer(ok) -> "ok";
answer({ok, undefined}) -> "ok";
answer({ok, _}) -> "ok";
answer({error, {already_started, _}}) -> "already_started";
answer({error, Word}) when is_atom(Word), Word =/= failing -> text("~s", [Word]);
answer({error, _}) -> "error".

which(Children) ->
    Shown = [text("~s:~s", [case Id of undefined -> name_of(Pid); _ -> Id end, shown(Pid)]) || {Id, Pid, _, _} <- Children],
    text("which ~s", [lists:join($,, Shown)]).

shown(undefined) -> "none";
shown(restarting) -> "restarting";
shown(_) -> "alive".

%% ---- what runs inside the supervisors

init({Config, Children}) ->
    case ets:lookup(world, change) of
        [{_, {NewConfig, NewChildren}}] -> flags(NewConfig, NewChildren);
        [] -> flags(Config, Children)
    end.

flags(#{strategy := Strategy, intensity := Intensity, auto := Auto}, Children) ->
    Flags = #{strategy => Strategy, intensity => Intensity, period => 3600, auto_shutdown => Auto},
    Specs = case {Strategy, Children} of
        {simple_one_for_one, [{_, _, _, _, OnAsk} = Template]} ->
            [(spec(Template))#{start => {?MODULE, start_instance, [OnAsk]}}];
        _ -> [spec(Child) || Child <- Children]
    end,
    {ok, {Flags, Specs}}.

spec({sup, Id, Restart, Significant, Config, Children}) ->
    #{id => Id, restart => Restart, significant => Significant, type => supervisor,
      start => {?MODULE, start_sup, [Id, Config, Children]}};
spec({Id, Restart, Shutdown, Significant, OnAsk}) ->
    #{id => Id, restart => Restart, shutdown => Shutdown, significant => Significant,
      start => {?MODULE, start_worker, [Id, OnAsk]}}.

start_sup(_Id, Config, Children) -> supervisor:start_link(?MODULE, {Config, Children}).

start_instance(OnAsk, Id) -> start_worker(Id, OnAsk).

start_worker(Id, OnAsk) ->
    case next_start(Id) of
        ok ->
            ?MODULE:note(text("start ~s", [Id])),
            Sup = self(),
            Pid = spawn_link(fun() ->
                process_flag(trap_exit, true),
                Sup ! {self(), ready},
                live(Sup, OnAsk)
            end),
            receive {Pid, ready} -> ok end,
            ets:insert(world, [{{pid, Id}, Pid}, {{name, Pid}, Id}]),
            {ok, Pid};
        ignore ->
            ?MODULE:note(text("start ~s", [Id])),
            ignore;
        fail ->
            ?MODULE:note(text("start ~s", [Id])),
            {error, failing};
        %% Puts a manual call into the supervisor's own queue, before its message to try again.
        {fail, Call} ->
            ?MODULE:note(text("start ~s", [Id])),
            ask_self(Call),
            {error, failing}
    end.

ask_self(Call) ->
    Sup = self(),
    Asking = spawn(fun() ->
        Ref = make_ref(),
        Sup ! {'$gen_call', {self(), Ref}, Call},
        Sup ! {asked, self()},
        Monitor = monitor(process, Sup),
        receive
            {Ref, Answer} -> ets:insert(world, {{during, self()}, answer(Answer)});
            {'DOWN', Monitor, _, _, _} -> ok
        end
    end),
    %% It is answered only after this function, so nothing is overwritten.
    ets:insert(world, {{during, Asking}, waiting}),
    receive {asked, Asking} -> ok end.

%% Answers to the calls that were put between a failing start and its next try, oldest first.
answers_during() ->
    During = lists:sort(ets:match_object(world, {{during, '_'}, '_'})),
    case [Pid || {{_, Pid}, _} <- During, is_process_alive(Pid)] of
        [] ->
            ets:match_delete(world, {{during, '_'}, '_'}),
            [Answer || {_, Answer} <- During, Answer =/= waiting];
        _ -> erlang:yield(), answers_during()
    end.

next_start(Id) ->
    case ets:lookup(world, {starts, Id}) of
        [{_, [Next | Rest]}] -> ets:insert(world, {{starts, Id}, Rest}), Next;
        _ -> ok
    end.

live(Sup, OnAsk) ->
    receive
        {'EXIT', Sup, shutdown} when OnAsk =:= deaf -> live(Sup, OnAsk);
        {'EXIT', Sup, shutdown} -> exit(OnAsk);
        {'EXIT', Sup, Reason} -> exit(Reason);
        {die, How} -> exit(How)
    end.

log(#{msg := {report, #{label := {supervisor, Context}, report := Report}}}, _) when Context =/= progress ->
    Offender = proplists:get_value(offender, Report),
    Name = case name_of(proplists:get_value(pid, Offender)) of
        none -> proplists:get_value(id, Offender);
        Known -> Known
    end,
    ?MODULE:note(text("report ~s ~s ~s", [Context, Name, kind(proplists:get_value(reason, Report))]));
log(_, _) -> ok.

note(_Text) -> ok.

name_of({restarting, Pid}) -> name_of(Pid);
name_of(Pid) ->
    case ets:lookup(world, {name, Pid}) of
        [{_, Id}] -> Id;
        [] -> none
    end.

kind(reached_max_restart_intensity) -> "gave_up";
%% An inner supervisor whose child cannot start: its start failed, nothing was asked to end.
kind({shutdown, {failed_to_start_child, _, _}}) -> "crash";
kind({shutdown, _}) -> "shutdown";
kind(Reason) when Reason =:= normal; Reason =:= shutdown; Reason =:= killed -> Reason;
kind(_) -> "crash".

text(Format, Values) -> lists:flatten(io_lib:format(Format, Values)).
